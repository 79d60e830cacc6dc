// Who changed what on this host: counted users per setting, so that the last tunnel restores it and a crash is undone later.

import type { ForeignRuleRow } from "./foreign-firewall/foreign-rule.js";
import {
	type AddressFamily,
	forwardingKey,
	isMet,
	type SysctlWish,
} from "./forwarding-plan.js";
import type {
	HostState,
	InstanceRow,
	PromisedTun,
	SysctlRow,
} from "./host-state.js";
import type { HostStateStore } from "./host-state-store.js";
import type { Link } from "./links.js";
import type { SysctlFiles } from "./sysctl-files.js";
import {
	isAllForwardingOn,
	isTakenOver,
	restoreSysctl,
} from "./sysctl-restore.js";
import { SystemError } from "./system-error.js";

export interface HostStateOptions {
	readonly store: HostStateStore;
	readonly sysctls: SysctlFiles;
	readonly listLinks: () => Promise<readonly Link[]>;
	readonly removeTable: (tableName: string) => Promise<void>;
	readonly removeForeignRule: (row: ForeignRuleRow) => Promise<void>;
	/** Null when no such process runs. */
	readonly readStartTicks: (pid: number) => string | null;
}

/** What an instance says about itself; `name` and `tableName` are made unique by `claim`. */
export interface InstanceClaim {
	readonly name: string;
	/** Null when it makes no table. */
	readonly tableNameOf: ((name: string) => string) | null;
	readonly pid: number;
	readonly startTicks: string;
	readonly role: "client" | "server";
	readonly serverPort: number | null;
	readonly interfaces: readonly string[];
	/** Asked while nobody else can claim; gets what other instances have claimed. Left out by those who need no TUN. */
	readonly chooseTun?: (
		promised: readonly PromisedTun[],
	) => Promise<PromisedTun>;
}

export interface ClaimOutcome {
	readonly name: string;
	/** What dead instances had left, one sentence each. */
	readonly notices: readonly string[];
}

/** Two clients may listen on one port of different addresses; more than this many is a mistake. */
const MAX_SAME_NAMES = 64;
const NO_TUN: PromisedTun = { name: "", addresses: [] };

export class HostStateRecord {
	readonly #options: HostStateOptions;

	constructor(options: HostStateOptions) {
		this.#options = options;
	}

	/**
	 * Cleans up after dead instances, then enters this one.
	 * @throws SystemError SERVER_PORT_CLASH when a live server redirects the same port on the same interfaces.
	 */
	claim(claim: InstanceClaim): Promise<ClaimOutcome> {
		return this.#change(async (state) => {
			const notices = await this.#sweep(state);
			refuseServerPortClash(claim, state.instances);
			const name = freeName(claim, state.instances);
			const promised = state.instances.map(({ tun }) => tun);
			const tun = (await claim.chooseTun?.(promised)) ?? NO_TUN;
			const { pid, startTicks, role, serverPort } = claim;
			const tableName = claim.tableNameOf?.(name) ?? null;
			const interfaces = [...claim.interfaces];
			state.instances.push({
				name,
				pid,
				startTicks,
				tableName,
				role,
				serverPort,
				interfaces,
				tun,
				foreignRules: [],
			});
			return { name, notices };
		});
	}

	/**
	 * Makes the wishes true, and gives back what the user needs no longer. Values from before are on record, and
	 * `guard` has run with the rows that this instance uses, before the first setting changes; it runs again when
	 * the instance uses fewer at the end.
	 * @returns a sentence per setting that was given up but left as it is.
	 */
	acquireSysctls(
		user: string,
		wishes: readonly SysctlWish[],
		guard: (used: readonly SysctlRow[]) => Promise<void>,
	): Promise<readonly string[]> {
		return this.#change(async (state) => {
			const { sysctls } = this.#options;
			this.#forgetTakenOver(state);
			const needed = wishes.filter((wish) => !this.#isMoot(state, wish));
			const links = await this.#options.listLinks();
			for (const wish of needed) this.#enter(state, { user, wish, links });
			this.#options.store.write(state);
			const used = () =>
				state.sysctls.filter(({ users }) => users.includes(user));
			await guard(used());
			for (const wish of needed) {
				if (!isMet(wish, sysctls.read(wish.key)))
					sysctls.write(wish.key, wish.wanted);
			}
			const surplus = used().filter((row) => isSurplus(row, wishes, needed));
			if (surplus.length === 0) return [];
			const notices = await this.#release(state, [user], surplus);
			await guard(used());
			return notices;
		});
	}

	/** A host that forwards all of IPv6 by somebody else's wish needs nothing of ours, and must get no guard. */
	#isMoot(state: HostState, { family }: SysctlWish): boolean {
		const key = forwardingKey("ipv6", "all");
		return (
			family === "ipv6" &&
			isAllForwardingOn(this.#options.sysctls, "ipv6") &&
			state.sysctls.every((row) => row.key !== key)
		);
	}

	/** Drops forwarding that somebody else has switched on for all interfaces since: it is never put back. */
	#forgetTakenOver(state: HostState): void {
		state.sysctls = state.sysctls.filter(
			(row) => !isTakenOver(row, this.#options.sysctls),
		);
	}

	/** Puts the instance's rules in tables of others on record: all that may exist from now on. */
	recordForeignRules(
		name: string,
		rows: readonly ForeignRuleRow[],
	): Promise<void> {
		return this.#change(async (state) => {
			for (const instance of state.instances)
				if (instance.name === name) instance.foreignRules = [...rows];
		});
	}

	/** Restores what no other instance uses. @returns a sentence per setting that was left alone. */
	releaseSysctls(user: string): Promise<readonly string[]> {
		return this.#change((state) => this.#release(state, [user]));
	}

	/** The last step of stopping: forgets the instance itself. */
	unclaim(name: string): Promise<void> {
		return this.#change(async (state) => {
			state.instances = state.instances.filter(
				(instance) => instance.name !== name,
			);
		});
	}

	#change<Result>(
		work: (state: HostState) => Promise<Result>,
	): Promise<Result> {
		const { store } = this.#options;
		return store.whileLocked(async () => {
			const state = store.read();
			const result = await work(state);
			store.write(state);
			return result;
		});
	}

	#enter(
		state: HostState,
		entry: {
			readonly user: string;
			readonly wish: SysctlWish;
			readonly links: readonly Link[];
		},
	): void {
		const { user, wish, links } = entry;
		const { sysctls } = this.#options;
		const present = sysctls.read(wish.key);
		if (wish.isOfOurTun || present === null) return;
		const interfaceIdentity =
			links.find(({ name }) => name === wish.interfaceName)?.identity ?? null;
		const known = state.sysctls.find((row) => row.key === wish.key);
		if (known !== undefined && known.interfaceIdentity === interfaceIdentity) {
			if (!known.users.includes(user)) known.users.push(user);
			return;
		}
		if (known !== undefined)
			state.sysctls.splice(state.sysctls.indexOf(known), 1);
		if (isMet(wish, present)) return;
		state.sysctls.push({
			key: wish.key,
			family: wish.family,
			interfaceName: wish.interfaceName,
			interfaceIdentity,
			before: present,
			ours: wish.wanted,
			needsGuard: wish.needsGuard,
			wasAllForwardingOn: isAllForwardingOn(sysctls, wish.family),
			alsoOverwritten:
				wish.interfaceName === null
					? this.#forwardingInterfaces(wish.family)
					: [],
			users: [user],
		});
	}

	/** Interfaces that forward by themselves: writing conf.all.forwarding=0 would switch them off too. */
	#forwardingInterfaces(family: AddressFamily): SysctlRow["alsoOverwritten"] {
		const { sysctls } = this.#options;
		return sysctls
			.list(`net/${family}/conf`)
			.filter((name) => name !== "all")
			.map((name) => ({ key: forwardingKey(family, name), before: "1" }))
			.filter(({ key }) => sysctls.read(key) === "1");
	}

	async #release(
		state: HostState,
		users: readonly string[],
		rows: readonly SysctlRow[] = state.sysctls,
	): Promise<string[]> {
		const links = await this.#options.listLinks();
		const notices: string[] = [];
		const isFreed = (row: SysctlRow) => {
			if (!row.users.some((user) => users.includes(user))) return false;
			row.users = row.users.filter((user) => !users.includes(user));
			return row.users.length === 0;
		};
		const freed = rows.filter(isFreed);
		// Forwarding goes before the accept_ra that protects the default route, whichever came first.
		const isProtection = ({ key }: SysctlRow) => key.endsWith("/accept_ra");
		const inOrder = freed
			.reverse()
			.sort(
				(one, other) => Number(isProtection(one)) - Number(isProtection(other)),
			);
		for (const row of inOrder) {
			const notice = restoreSysctl(row, this.#options.sysctls, links);
			if (notice !== null) notices.push(notice);
		}
		state.sysctls = state.sysctls.filter((row) => !freed.includes(row));
		return notices;
	}

	async #sweep(state: HostState): Promise<string[]> {
		const dead = state.instances.filter(
			({ pid, startTicks }) => this.#options.readStartTicks(pid) !== startTicks,
		);
		if (dead.length === 0) return [];
		const notices = await this.#release(
			state,
			dead.map(({ name }) => name),
		);
		for (const { name, pid, tableName, foreignRules } of dead) {
			for (const row of foreignRules)
				await this.#options.removeForeignRule(row);
			if (tableName !== null) await this.#options.removeTable(tableName);
			notices.unshift(
				`${name} (process ${pid}) had ended without cleaning up: its rules and settings were undone.`,
			);
		}
		state.instances = state.instances.filter(
			(instance) => !dead.includes(instance),
		);
		this.#options.store.write(state);
		return notices;
	}
}

/** A family without any wish has no path at the moment: what it had is kept until it has one again. */
function isSurplus(
	row: SysctlRow,
	wishes: readonly SysctlWish[],
	needed: readonly SysctlWish[],
): boolean {
	return (
		wishes.some(({ family }) => family === row.family) &&
		needed.every(({ key }) => key !== row.key)
	);
}

function freeName(
	{ name: base, tableNameOf }: InstanceClaim,
	instances: readonly InstanceRow[],
): string {
	const isTaken = (name: string) =>
		instances.some(
			(instance) =>
				instance.name === name ||
				// Names that differ may give one table: a-b and a_b do.
				(instance.tableName !== null &&
					instance.tableName === tableNameOf?.(name)),
		);
	for (let suffix = 1; suffix <= MAX_SAME_NAMES; suffix += 1) {
		const name = suffix === 1 ? base : `${base}_${suffix}`;
		if (!isTaken(name)) return name;
	}
	throw new SystemError({
		code: "ADDRESS_CLASH",
		message: `${MAX_SAME_NAMES} tunnels named ${base} run on this host.`,
		whatToDo: "Stop some of them, or listen on another port.",
	});
}

function refuseServerPortClash(
	claim: InstanceClaim,
	instances: readonly InstanceRow[],
): void {
	if (claim.serverPort === null) return;
	const rival = instances.find(
		({ serverPort, interfaces }) =>
			serverPort === claim.serverPort && overlap(interfaces, claim.interfaces),
	);
	if (rival === undefined) return;
	throw new SystemError({
		code: "SERVER_PORT_CLASH",
		message: `The tunscope server of process ${rival.pid} already takes port ${claim.serverPort} of this host.`,
		whatToDo:
			"Use another --local port, stop that server, or give each its own --interface.",
	});
}

/** An empty list stands for all interfaces. */
function overlap(one: readonly string[], other: readonly string[]): boolean {
	if (one.length === 0 || other.length === 0) return true;
	return one.some((name) => other.includes(name));
}
