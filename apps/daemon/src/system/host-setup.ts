// Everything that one tunnel changes on its host, made when its TUN opens and undone in reverse when it stops.

import { isDeepStrictEqual } from "node:util";
import type { TunnelConfig } from "@tunscope/shared/lean";
import type { ResolvedAddress } from "../tunnel/worker-protocol.js";
import { type Firewall, isFirewallPresent, nftFirewall } from "./firewall.js";
import {
	type FirewallPlan,
	type ForwardGuards,
	NO_GUARDS,
	tableNameOf,
} from "./firewall-rules.js";
import type { TunnelPlace } from "./foreign-firewall/tunnel-packet.js";
import {
	type AddressFamily,
	acceptRaKey,
	forwardingKey,
	OUR_FORWARDING,
	planForwarding,
	routerListeners,
} from "./forwarding-plan.js";
import type { SysctlRow } from "./host-state.js";
import type { HostStateRecord } from "./host-state-record.js";
import type { Link, TunLinkPlan } from "./links.js";
import { discoverNetworkPath, type NetworkPath } from "./network-path.js";
import { PathMemory } from "./path-memory.js";
import type { RunCommand } from "./run-command.js";
import type { SysctlFiles } from "./sysctl-files.js";
import { isAllForwardingOn } from "./sysctl-restore.js";
import { TunUpkeep } from "./tun-upkeep.js";

/** Never below Ethernet's: a TUN with a smaller MTU than the wire makes the kernel fragment or drop (wire.md 4.7). */
const MIN_TUN_LINK_MTU_BYTES = 1_500;

export interface HostSetupOptions {
	readonly config: TunnelConfig;
	/** Client: where the tunnel may lead; `replaceRemotes` changes them later. */
	readonly remotes: readonly ResolvedAddress[];
	readonly run: RunCommand;
	readonly sysctls: SysctlFiles;
	readonly record: HostStateRecord;
	/** nftables, unless somebody else is given. */
	readonly firewall?: Firewall;
	/** A sentence for the operator. */
	readonly onNotice: (message: string) => void;
}

/** What a look at the host found. */
export interface HostLook {
	readonly linkMtuBytes: number;
	/** Client: servers whose flows must begin anew, because the way to them is another one. */
	readonly renewedPeers: readonly string[];
	/** Null when it is not there. */
	readonly tun: Link | null;
}

export interface OpenedTun {
	readonly linkMtuBytes: number;
}

export class HostSetup {
	readonly #options: HostSetupOptions;
	readonly #firewall: Firewall;
	readonly #usesIpv6: boolean;
	readonly #tun: TunUpkeep;
	readonly #memory = new PathMemory();
	/** Since the last look. */
	readonly #renewedPeers: string[] = [];
	#tunName: string | null = null;
	#path: NetworkPath | null = null;
	#remotes: readonly ResolvedAddress[];
	#guards: ForwardGuards = NO_GUARDS;
	#seen = "";
	#hasFirewall = false;
	#isUndone = false;
	/** Changes of the host run one after another. */
	#queue: Promise<unknown> = Promise.resolve();

	constructor(options: HostSetupOptions) {
		this.#options = options;
		this.#firewall = options.firewall ?? nftFirewall(options.run);
		this.#remotes = options.remotes;
		this.#usesIpv6 = isIpv6Usable(options.config, options.sysctls);
		const { config, run, onNotice } = options;
		const usesIpv6 = this.#usesIpv6;
		this.#tun = new TunUpkeep({
			run,
			onNotice,
			planOf: (tunName, linkMtuBytes) =>
				tunLinkPlanOf(config, { tunName, linkMtuBytes, usesIpv6 }),
		});
	}

	/** Addresses, rules and forwarding for a TUN that has just been opened, for the first time or again. */
	configureTun(tunName: string): Promise<OpenedTun> {
		return this.#enqueue(async () => {
			this.#tunName = tunName;
			const path = await this.#discoverPath();
			this.#path = path;
			for (const notice of path.notices) this.#options.onNotice(notice);
			const linkMtuBytes = this.#linkMtuBytes(path);
			await this.#tun.configure(tunName, linkMtuBytes);
			this.#notePath(path);
			if (this.#options.config.hostSetup === "auto")
				await this.#openHost(tunName, path);
			return { linkMtuBytes };
		});
	}

	/** Looks again at routes, links and the TUN, and follows them. Null while there is no TUN. */
	refresh(): Promise<HostLook | null> {
		return this.#enqueue(async () => {
			const { config, onNotice } = this.#options;
			if (this.#tunName === null || this.#path === null || this.#isUndone)
				return null;
			const path = await this.#discoverPath();
			const tun = path.links.find(({ name }) => name === this.#tunName) ?? null;
			const hasMoved = !isSamePath(path, this.#path);
			this.#path = path;
			if (hasMoved) for (const notice of path.notices) onNotice(notice);
			this.#notePath(path);
			const isSwept = await this.#isFirewallSwept();
			if ((hasMoved || isSwept) && config.hostSetup === "auto")
				await this.#openHost(this.#tunName, path);
			const linkMtuBytes = this.#linkMtuBytes(path);
			if (tun !== null) await this.#tun.tend(tun, linkMtuBytes);
			const renewedPeers = this.#renewedPeers.splice(0);
			return {
				linkMtuBytes: this.#tun.limit(linkMtuBytes),
				renewedPeers,
				tun,
			};
		});
	}

	/**
	 * Client: the server's name has other addresses now. Rules and forwarding follow in one step: the table is
	 * replaced in one transaction, so that no packet meets a table without servers. Pass the old ones too, as long
	 * as flows to them live. Without effect on a server, and before the TUN is open only remembered.
	 */
	replaceRemotes(remotes: readonly ResolvedAddress[]): Promise<void> {
		return this.#enqueue(async () => {
			if (this.#isUndone || isDeepStrictEqual(remotes, this.#remotes)) return;
			this.#remotes = remotes;
			if (this.#tunName === null) return;
			const path = await this.#discoverPath();
			this.#path = path;
			for (const notice of path.notices) this.#options.onNotice(notice);
			if (this.#options.config.hostSetup === "auto")
				await this.#openHost(this.#tunName, path);
		});
	}

	/**
	 * Follows forwarding, which an administrator or Docker may switch at any time: once on, the guard must go and the
	 * value is no longer ours; once off, it has taken our interfaces along. Before Linux 6.17 it also finds
	 * new interfaces that listen to router advertisements. Cheap while nothing changes.
	 */
	checkForwarding(): Promise<void> {
		return this.#enqueue(async () => {
			if (this.#tunName === null || this.#path === null || !this.#hasFirewall)
				return;
			const seen = this.#look();
			if (this.#isUndone || seen === this.#seen) return;
			const before = this.#seen;
			await this.#openHost(this.#tunName, this.#path);
			if (seen.split(";")[0] === before.split(";")[0]) return;
			this.#options.onNotice(
				"Forwarding was switched on this host by somebody else: tunscope's guard and settings follow it.",
			);
		});
	}

	/** Where the tunnel is on this host; null while it has no TUN. */
	place(): TunnelPlace | null {
		if (this.#tunName === null || this.#path === null || this.#isUndone)
			return null;
		const { config } = this.#options;
		return {
			tunName: this.#tunName,
			peer4: config.tun.peer4,
			peer6: this.#usesIpv6 ? config.tun.peer6 : null,
			interfaces: this.#path.interfaces,
			endpoint:
				config.role === "client"
					? { role: "client", servers: this.#remotes }
					: { role: "server", port: config.listen.port },
		};
	}

	/** Undoes everything in reverse. Idempotent. */
	undo(): Promise<void> {
		return this.#enqueue(async () => {
			if (this.#isUndone) return;
			this.#isUndone = true;
			const { config, record, onNotice } = this.#options;
			for (const notice of await record.releaseSysctls(config.name))
				onNotice(notice);
			// After forwarding, never before: the table holds the guard.
			if (this.#hasFirewall)
				await this.#firewall.remove(tableNameOf(config.name));
			await record.unclaim(config.name);
		});
	}

	async #openHost(tunName: string, path: NetworkPath): Promise<void> {
		const { config, record, sysctls } = this.#options;
		const wishes = planForwarding(
			{ tunName, interfaces: path.interfaces },
			sysctls,
		);
		// What is seen before the change: a switch by somebody else in the meantime must be noticed afterwards.
		const before = this.#allForwarding();
		const notices = await record.acquireSysctls(config.name, wishes, (rows) =>
			this.#applyFirewall(tunName, guardsOf(rows, sysctls)),
		);
		for (const notice of notices) this.#options.onNotice(notice);
		const after = this.#allForwarding();
		const isOurs = after.ipv6 === OUR_FORWARDING;
		this.#seen = this.#look({
			ipv4: before.ipv4,
			ipv6: isOurs ? after.ipv6 : before.ipv6,
		});
	}

	async #applyFirewall(tunName: string, guards: ForwardGuards): Promise<void> {
		const { config } = this.#options;
		const usesIpv6 = this.#usesIpv6;
		// Before the command: one that fails half-way, or times out, is removed too.
		this.#hasFirewall = true;
		this.#guards = guards;
		await this.#firewall.apply(
			firewallPlanOf({
				config,
				remotes: this.#remotes,
				tunName,
				guards,
				usesIpv6,
			}),
		);
	}

	/** Somebody has swept the whole ruleset, ours with it. Said here. */
	async #isFirewallSwept(): Promise<boolean> {
		if (!this.#hasFirewall) return false;
		const { config, onNotice, run } = this.#options;
		const tableName = tableNameOf(config.name);
		if (await isFirewallPresent(run, tableName)) return false;
		onNotice(
			`The nft table inet ${tableName} was taken away by somebody else (nft flush ruleset, or a firewall that was started again): made again.`,
		);
		// Without its rules, what this host sent was not translated, and what it got was answered by its own TCP.
		this.#renewedPeers.push(...(this.#path?.routes.keys() ?? []));
		return true;
	}

	/** What a later look is compared with: who switched forwarding on; interfaces whose advertisements need care. */
	#look(forwarding = this.#allForwarding()): string {
		const isOurs = this.#guards.ipv6 === "all";
		// Switched on by another tunnel of ours, for which it has its own guard.
		const ipv6 =
			!isOurs && forwarding.ipv6 === OUR_FORWARDING ? "0" : forwarding.ipv6;
		const { sysctls } = this.#options;
		const listening = isOurs
			? routerListeners(sysctls, this.#tunName ?? "").filter(
					(name) => sysctls.read(acceptRaKey(name)) === "1",
				)
			: [];
		const takenOver = this.#guards.ipv4.filter(
			(name) => sysctls.read(forwardingKey("ipv4", name)) === "1",
		);
		return `${forwarding.ipv4} ${ipv6} ${takenOver.join(" ")};${listening.join(" ")}`;
	}

	#allForwarding(): Readonly<Record<AddressFamily, string | null>> {
		const { sysctls } = this.#options;
		return {
			ipv4: sysctls.read(forwardingKey("ipv4", "all")),
			ipv6: sysctls.read(forwardingKey("ipv6", "all")),
		};
	}

	#discoverPath(): Promise<NetworkPath> {
		const { config, run } = this.#options;
		const { role, interfaces } = config;
		return discoverNetworkPath(run, {
			role,
			interfaces,
			remotes: this.#remotes,
			usesIpv6: this.#usesIpv6,
			listen: config.listen,
		});
	}

	#linkMtuBytes(path: NetworkPath): number {
		const { linkMtuBytes } = this.#options.config;
		return linkMtuBytes === "auto" ? path.linkMtuBytes : linkMtuBytes;
	}

	#notePath(path: NetworkPath): void {
		const { notices, renewed } = this.#memory.look(path);
		for (const notice of notices) this.#options.onNotice(notice);
		this.#renewedPeers.push(...renewed);
	}

	#enqueue<Result>(work: () => Promise<Result>): Promise<Result> {
		const result = this.#queue.then(work);
		this.#queue = result.catch(() => undefined);
		return result;
	}
}

/** False with --ipv4-only, without IPv6 in the kernel, or where it is disabled for new interfaces. */
function isIpv6Usable(config: TunnelConfig, sysctls: SysctlFiles): boolean {
	if (config.ipv4Only) return false;
	return sysctls.read("net/ipv6/conf/default/disable_ipv6") === "0";
}

function tunLinkPlanOf(
	config: TunnelConfig,
	tun: {
		readonly tunName: string;
		readonly linkMtuBytes: number;
		readonly usesIpv6: boolean;
	},
): TunLinkPlan {
	const { local4, peer4, local6, peer6 } = config.tun;
	return {
		tunName: tun.tunName,
		local4,
		peer4,
		ipv6: tun.usesIpv6 ? { local: local6, peer: peer6 } : null,
		linkMtuBytes: Math.max(MIN_TUN_LINK_MTU_BYTES, tun.linkMtuBytes),
	};
}

function firewallPlanOf(parts: {
	readonly config: TunnelConfig;
	readonly remotes: readonly ResolvedAddress[];
	readonly tunName: string;
	readonly guards: ForwardGuards;
	readonly usesIpv6: boolean;
}): FirewallPlan {
	const { config, remotes, tunName, guards, usesIpv6 } = parts;
	return {
		tableName: tableNameOf(config.name),
		tunName,
		peer4: config.tun.peer4,
		peer6: usesIpv6 ? config.tun.peer6 : null,
		interfaces: config.interfaces,
		guards,
		endpoint:
			config.role === "client"
				? { role: "client", servers: remotes }
				: { role: "server", port: config.listen.port },
	};
}

/** The guard that the recorded settings ask for, as long as nobody has made this host a router on purpose. */
function guardsOf(
	rows: readonly SysctlRow[],
	sysctls: SysctlFiles,
): ForwardGuards {
	const guarding = rows.filter(
		(row) =>
			row.needsGuard &&
			(row.interfaceName === null ||
				row.wasAllForwardingOn ||
				!isAllForwardingOn(sysctls, row.family)),
	);
	const named = (family: AddressFamily) =>
		guarding.flatMap((row) =>
			row.family === family && row.interfaceName !== null
				? [row.interfaceName]
				: [],
		);
	const isHostWide = guarding.some(
		({ interfaceName }) => interfaceName === null,
	);
	return { ipv4: named("ipv4"), ipv6: isHostWide ? "all" : named("ipv6") };
}

function isSamePath(one: NetworkPath, other: NetworkPath): boolean {
	const looks = [one, other].map(({ interfaces, linkMtuBytes, notices }) =>
		JSON.stringify([interfaces, linkMtuBytes, notices]),
	);
	return looks[0] === looks[1];
}
