// What is on record about this host: running instances, and settings with their values from before and their users.

import {
	isJsonObject,
	type JsonObject,
	numberOf,
	objectsOf,
	textOf,
	textsOf,
} from "../config/json-value.js";
import {
	type ForeignRuleRow,
	parseForeignRule,
} from "./foreign-firewall/foreign-rule.js";
import type { AddressFamily } from "./forwarding-plan.js";

/** A TUN that an instance has, or is about to make. */
export interface PromisedTun {
	/** "" where the kernel chooses. */
	readonly name: string;
	readonly addresses: readonly string[];
}

export interface InstanceRow {
	readonly name: string;
	readonly pid: number;
	/** With the pid it names one process of this boot. */
	readonly startTicks: string;
	/** Null when the instance makes no table (--host-setup off): one of that name is somebody else's. */
	readonly tableName: string | null;
	readonly role: "client" | "server";
	/** Server: the fake-TCP port that its table redirects. Client: null. */
	readonly serverPort: number | null;
	readonly interfaces: readonly string[];
	/** So that no other instance takes the same before it shows on the host. */
	readonly tun: PromisedTun;
	/** Its rules in tables of others. */
	foreignRules: readonly ForeignRuleRow[];
}

export interface SysctlRow {
	/** Path below /proc/sys. */
	readonly key: string;
	readonly family: AddressFamily;
	/** Null for a setting of the whole host. */
	readonly interfaceName: string | null;
	/** Index and hardware address when recorded: a later interface of the same name has its own settings. */
	readonly interfaceIdentity: string | null;
	readonly before: string;
	readonly ours: string;
	readonly needsGuard: boolean;
	/** conf.all.forwarding of the family when recorded. */
	readonly wasAllForwardingOn: boolean;
	/** Settings that writing `before` would overwrite too, with the values they had. */
	readonly alsoOverwritten: readonly {
		readonly key: string;
		readonly before: string;
	}[];
	/** Names of the instances that need it. */
	users: string[];
}

export interface HostState {
	readonly version: 1;
	readonly bootId: string;
	/** Tells its network namespace from a later one with the same inode; null where the kernel has no cookies. */
	readonly namespaceCookie: string | null;
	instances: InstanceRow[];
	sysctls: SysctlRow[];
}

/** Null for anything that this version has not written, to the last row: a row lost is a setting never restored. */
export function parseHostState(value: unknown): HostState | null {
	if (!isJsonObject(value) || value.version !== 1) return null;
	const bootId = textOf(value, "bootId");
	const instances = wholeList(value.instances, parseInstance);
	const sysctls = wholeList(value.sysctls, parseSysctl);
	if (bootId === null || instances === null || sysctls === null) return null;
	const namespaceCookie = textOf(value, "namespaceCookie");
	return { version: 1, bootId, namespaceCookie, instances, sysctls };
}

function wholeList<Row>(
	value: unknown,
	parse: (row: JsonObject) => Row | null,
): Row[] | null {
	if (!Array.isArray(value)) return null;
	const rows = objectsOf(value)
		.map(parse)
		.filter((row) => row !== null);
	return rows.length === value.length ? rows : null;
}

function parseInstance(row: JsonObject): InstanceRow | null {
	const name = textOf(row, "name");
	const pid = numberOf(row, "pid");
	const startTicks = textOf(row, "startTicks");
	const tableName = textOf(row, "tableName");
	const interfaces = textsOf(row, "interfaces");
	const foreignRules = wholeList(row.foreignRules ?? [], parseForeignRule);
	const tun = parsePromisedTun(row.tun);
	const { role } = row;
	if (name === null || pid === null || startTicks === null) return null;
	if (interfaces === null) return null;
	if (foreignRules === null || tun === null) return null;
	if (tableName === null && row.tableName !== null) return null;
	if (role !== "client" && role !== "server") return null;
	return {
		name,
		pid,
		startTicks,
		tableName,
		role,
		serverPort: numberOf(row, "serverPort"),
		interfaces,
		tun,
		foreignRules,
	};
}

/** Left out by an instance of an earlier version, whose TUN shows on the host by now. */
function parsePromisedTun(value: unknown): PromisedTun | null {
	if (value === undefined) return { name: "", addresses: [] };
	if (!isJsonObject(value)) return null;
	const name = textOf(value, "name");
	const addresses = textsOf(value, "addresses");
	return name === null || addresses === null ? null : { name, addresses };
}

function parseSysctl(row: JsonObject): SysctlRow | null {
	const key = textOf(row, "key");
	const before = textOf(row, "before");
	const ours = textOf(row, "ours");
	const users = textsOf(row, "users");
	const alsoOverwritten = wholeList(row.alsoOverwritten, parseOverwritten);
	const { family, needsGuard, wasAllForwardingOn } = row;
	if (key === null || before === null || ours === null) return null;
	if (users === null || alsoOverwritten === null) return null;
	if (family !== "ipv4" && family !== "ipv6") return null;
	if (
		typeof needsGuard !== "boolean" ||
		typeof wasAllForwardingOn !== "boolean"
	)
		return null;
	return {
		key,
		family,
		interfaceName: textOf(row, "interfaceName"),
		interfaceIdentity: textOf(row, "interfaceIdentity"),
		before,
		ours,
		needsGuard,
		wasAllForwardingOn,
		alsoOverwritten,
		users,
	};
}

function parseOverwritten(
	row: JsonObject,
): { key: string; before: string } | null {
	const key = textOf(row, "key");
	const before = textOf(row, "before");
	return key === null || before === null ? null : { key, before };
}
