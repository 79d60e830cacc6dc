// One tunnel from checked configuration to exit code: preflight, host, supervisor, display, and all of it undone again.

import { join } from "node:path";
import type { TunnelConfig } from "@tunscope/shared/lean";
import type { Environment } from "../config/environment.js";
import type { Logger } from "../observability/logger.js";
import { removeFirewall } from "../system/firewall.js";
import { tableNameOf } from "../system/firewall-rules.js";
import { HostSetup } from "../system/host-setup.js";
import { HostStateRecord } from "../system/host-state-record.js";
import { readHeldNamespaces } from "../system/host-state-record-holders.js";
import { removeVanishedRecords } from "../system/host-state-record-sweep.js";
import { createHostWatch } from "../system/host-watch.js";
import { listLinks } from "../system/links.js";
import { checkHost, readHandshakePacket } from "../system/preflight.js";
import {
	readBootId,
	readNamespaceCookie,
	readNetworkNamespaceInode,
	readStartTicks,
} from "../system/process-identity.js";
import { resolveRemote } from "../system/resolve-remote.js";
import { runCommand } from "../system/run-command.js";
import { createSysctlFiles } from "../system/sysctl-files.js";
import type { TunnelEnd } from "../tunnel/tunnel-event.js";
import { TunnelSupervisor } from "../tunnel/tunnel-supervisor.js";
import type { Display } from "./display.js";

export interface TunnelRun {
	readonly config: TunnelConfig;
	readonly environment: Environment;
	readonly display: Display;
	/** Aborted by the first signal. */
	readonly stopSignal: AbortSignal;
	/** Another worker module, for tests. */
	readonly workerUrl?: URL;
}

/**
 * Runs until a signal or a failure ends it; the host is as before when this settles.
 * @throws SystemError when the host is not ready for a tunnel
 */
export async function runTunnel(run: TunnelRun): Promise<TunnelEnd> {
	const { environment, display, stopSignal } = run;
	const handshakePacket =
		run.config.handshakePacketPath === undefined
			? null
			: readHandshakePacket(run.config.handshakePacketPath);
	await checkHost(runCommand, run.config);
	const remotes = await unlessAborted(resolveRemote(run.config), stopSignal);
	if (remotes === null) return { kind: "stopped" };
	const sysctls = createSysctlFiles();
	const record = createRecord(environment);
	const config = await claimInstance(run.config, record, display.logger);
	removeVanishedRecords({
		runtimeDirectory: environment.runtimeDirectory,
		ownInode: readNetworkNamespaceInode(),
		bootId: readBootId(),
		readStartTicks,
		readHeldNamespaces,
	});
	const onNotice = (message: string) =>
		display.logger.warn({ event: "host" }, message);
	const host = new HostSetup({
		config,
		remotes,
		run: runCommand,
		sysctls,
		record,
		onNotice,
	});
	const supervisor = new TunnelSupervisor({
		input: { config, remotes, handshakePacket },
		host,
		onEvent: display.listen(config, remotes),
		...(run.workerUrl === undefined ? {} : { workerUrl: run.workerUrl }),
	});
	const watch = createHostWatch({
		host,
		onLinkMtu: (linkMtuBytes) => supervisor.setLinkMtu(linkMtuBytes),
		onError: (error) =>
			display.logger.debug(
				{ event: "host-watch", err: error },
				"a look at the host failed",
			),
	});
	const stop = () => void supervisor.stop().catch(() => undefined);
	stopSignal.addEventListener("abort", stop);
	try {
		if (stopSignal.aborted) stop();
		supervisor.start();
		display.start(supervisor);
		watch.start();
		return await supervisor.ended;
	} finally {
		watch.stop();
		stopSignal.removeEventListener("abort", stop);
		await display.stop(supervisor);
	}
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
		directory: join(environment.runtimeDirectory, readNetworkNamespaceInode()),
		bootId: readBootId(),
		namespaceCookie: readNamespaceCookie(),
		sysctls: createSysctlFiles(),
		listLinks: () => listLinks(runCommand),
		removeTable: (tableName) => removeFirewall(runCommand, tableName),
		readStartTicks,
	});
}

async function claimInstance(
	config: TunnelConfig,
	record: HostStateRecord,
	logger: Logger,
): Promise<TunnelConfig> {
	const redirectsPort = config.role === "server" && config.hostSetup === "auto";
	const { name, notices } = await record.claim({
		name: config.name,
		tableNameOf,
		pid: process.pid,
		startTicks: readStartTicks(process.pid) ?? "",
		role: config.role,
		serverPort: redirectsPort ? config.listen.port : null,
		interfaces: config.interfaces,
	});
	for (const notice of notices) logger.warn({ event: "host" }, notice);
	return { ...config, name };
}
