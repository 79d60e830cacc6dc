// One attempt at a tunnel: host checked, remote resolved, name claimed, host set-up and supervisor put together; not started.

import type { TunnelConfig, TunnelRequest } from "@tunscope/shared/lean";
import type { AnomalyReport } from "../anomaly/anomaly-report.js";
import type { Environment } from "../config/environment.js";
import { removeFirewall } from "../system/firewall.js";
import { tableNameOf } from "../system/firewall-rules.js";
import { ForeignFirewall } from "../system/foreign-firewall/foreign-firewall.js";
import { removeForeignRule } from "../system/foreign-firewall/foreign-rule.js";
import { GuardedHost } from "../system/foreign-firewall/guarded-host.js";
import { HostSetup } from "../system/host-setup.js";
import { HostStateRecord } from "../system/host-state-record.js";
import { openHostStateStore } from "../system/host-state-store.js";
import { listLinks } from "../system/links.js";
import { checkHost, readHandshakePacket } from "../system/preflight.js";
import { findRemotes } from "../system/preflight-routes.js";
import { readStartTicks } from "../system/process-identity.js";
import { runCommand } from "../system/run-command.js";
import { createSysctlFiles } from "../system/sysctl-files.js";
import type { TunnelEvent } from "../tunnel/tunnel-event.js";
import { TunnelSupervisor } from "../tunnel/tunnel-supervisor.js";
import type { ResolvedAddress } from "../tunnel/worker-protocol.js";
import { chooseTun, promiseOf, type Tun } from "./choose-tun.js";
import { HostFollower } from "./host-follower.js";
import { lookAround } from "./look-around.js";

export interface TunnelAttempt {
	readonly request: TunnelRequest;
	/** What the tunnel's TUN was before; it is the same again where it can be. */
	readonly tunBefore: Tun | null;
	readonly environment: Environment;
	/** A sentence about the host for the operator. */
	readonly onNotice: (message: string) => void;
	/** A look at the host that failed; the next one may succeed. */
	readonly onWatchError: (error: unknown) => void;
	readonly onEvent: (event: TunnelEvent) => void;
	readonly onAnomalies: (reports: readonly AnomalyReport[]) => void;
	/** Aborted when the tunnel shall stop. */
	readonly stopSignal: AbortSignal;
	/** Another worker module, for tests. */
	readonly workerUrl?: URL;
}

export interface PreparedTunnel {
	/** As asked for, but with a name, a TUN and addresses that no other tunnel of this host has. */
	readonly config: TunnelConfig;
	/** Client: the servers. Server: the UDP targets. Those in use now. */
	readonly remotes: () => readonly ResolvedAddress[];
	/** Must be ended: it undoes what was claimed. */
	readonly supervisor: TunnelSupervisor;
	readonly watch: Pick<HostFollower, "start" | "stop">;
}

/**
 * Null when the signal came first.
 * @throws SystemError when the host is not ready for this tunnel; nothing is left behind then
 */
export async function prepareTunnel(
	attempt: TunnelAttempt,
): Promise<PreparedTunnel | null> {
	const { environment, stopSignal, onNotice, request, tunBefore } = attempt;
	const { handshakePacketPath } = request.config;
	const handshakePacket =
		handshakePacketPath === undefined
			? null
			: readHandshakePacket(handshakePacketPath);
	// Chosen here to be checked, and again when the record is locked: another process may be faster.
	const firstChoice = chooseTun(
		request,
		await lookAround(runCommand, []),
		tunBefore,
	);
	const checked = { ...request.config, tun: firstChoice };
	await checkHost(runCommand, checked);
	const remotes = await unlessAborted(
		findRemotes(runCommand, checked),
		stopSignal,
	);
	if (remotes === null) return null;
	const sysctls = createSysctlFiles();
	const record = createRecord(environment);
	const config = await claimInstance(attempt, record);
	const ownHost = new HostSetup({
		config,
		remotes,
		run: runCommand,
		sysctls,
		record,
		onNotice,
	});
	const guarded =
		config.hostSetup === "auto"
			? guardHost({ host: ownHost, config, record, onNotice })
			: null;
	const host = guarded ?? ownHost;
	const { onAnomalies, workerUrl } = attempt;
	const supervisor = new TunnelSupervisor({
		input: { config, remotes, handshakePacket },
		onAnomalies,
		host,
		onEvent: (event) => {
			if (event.kind === "flow-closed" && event.reason === "handshake-timeout")
				guarded?.handshakeFailed();
			attempt.onEvent(event);
		},
		onHostChanged: (isOverrun) => follower.hostChanged(isOverrun),
		onPeerSilent: () => follower.peerSilent(),
		...(workerUrl === undefined ? {} : { workerUrl }),
	});
	const follower = new HostFollower({
		config,
		remotes,
		host,
		replaceRemotes: (all) => ownHost.replaceRemotes(all),
		supervisor,
		run: runCommand,
		onNotice,
		onError: attempt.onWatchError,
	});
	return {
		config,
		remotes: () => follower.remotes,
		supervisor,
		watch: follower,
	};
}

/** With an eye on the firewalls of others, which no rule of ours can overrule. */
function guardHost(parts: {
	readonly host: HostSetup;
	readonly config: TunnelConfig;
	readonly record: HostStateRecord;
	readonly onNotice: (message: string) => void;
}): GuardedHost {
	const { host, config, record, onNotice } = parts;
	const isAllowed = config.allowForeignFirewall;
	const foreign = new ForeignFirewall({
		run: runCommand,
		ownTable: tableNameOf(config.name),
		isAllowed,
		record: (rows) => record.recordForeignRules(config.name, rows),
		onNotice,
	});
	return new GuardedHost({ host, foreign, isAllowed, onNotice });
}

/** Null as soon as the signal comes: a name server that does not answer must not hold up the exit. */
function unlessAborted<Value>(
	work: Promise<Value>,
	signal: AbortSignal,
): Promise<Value | null> {
	const aborted = new Promise<null>((resolve) => {
		if (signal.aborted) resolve(null);
		signal.addEventListener("abort", () => resolve(null), { once: true });
	});
	return Promise.race([work, aborted]);
}

function createRecord(environment: Environment): HostStateRecord {
	return new HostStateRecord({
		store: openHostStateStore(environment.runtimeDirectory),
		sysctls: createSysctlFiles(),
		listLinks: () => listLinks(runCommand),
		removeTable: (tableName) => removeFirewall(runCommand, tableName),
		removeForeignRule: (row) => removeForeignRule(runCommand, row),
		readStartTicks,
	});
}

async function claimInstance(
	{ request, tunBefore, onNotice }: TunnelAttempt,
	record: HostStateRecord,
): Promise<TunnelConfig> {
	const { config } = request;
	const redirectsPort = config.role === "server" && config.hostSetup === "auto";
	let tun = config.tun;
	const { name, notices } = await record.claim({
		name: config.name,
		// What an operator has made by hand under that name is not to be swept away after a crash.
		tableNameOf: config.hostSetup === "auto" ? tableNameOf : null,
		pid: process.pid,
		startTicks: readStartTicks(process.pid) ?? "",
		role: config.role,
		serverPort: redirectsPort ? config.listen.port : null,
		interfaces: config.interfaces,
		chooseTun: async (promised) => {
			tun = chooseTun(
				request,
				await lookAround(runCommand, promised),
				tunBefore,
			);
			return promiseOf(tun, config.ipv4Only);
		},
	});
	for (const notice of notices) onNotice(notice);
	if (tunBefore === null && hasMoved(config.tun, tun))
		onNotice(
			`The TUN's default addresses are in use on this host, so this tunnel has ${addressesOf(config.ipv4Only, tun)}.`,
		);
	return { ...config, name, tun };
}

function hasMoved(asked: Tun, got: Tun): boolean {
	return asked.local4 !== got.local4 || asked.local6 !== got.local6;
}

function addressesOf(ipv4Only: boolean, tun: Tun): string {
	const ipv6 = ipv4Only ? "" : `, ${tun.local6} and ${tun.peer6}`;
	return `${tun.local4} and ${tun.peer4}${ipv6}`;
}
