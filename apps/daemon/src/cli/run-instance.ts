// A process that runs tunnels, from its first tunnel to its exit code: display, signals, status, and the instance between them.

import type { TunnelRequest } from "@tunscope/shared/lean";
import type { Environment } from "../config/environment.js";
import { InstanceStatus } from "../control/instance-status.js";
import { createResponder } from "../control/respond.js";
import { startStatusService } from "../control/status-service.js";
import type { Tun } from "../instance/choose-tun.js";
import { Instance } from "../instance/instance.js";
import { controlDirectoryIn } from "../system/control-socket-files.js";
import { sweepRuntimeDirectory } from "../system/host-state-record-sweep.js";
import type { Display } from "./display.js";
import { EXIT, type ExitCode } from "./exit-codes.js";
import { watchForBugs, watchSignals } from "./process-signals.js";
import { reportFailure } from "./report-failure.js";
import { fingerprintsOf } from "./request-fingerprint.js";

const CLOCK = {
	monotonicMs: () => performance.now(),
	wallMs: () => Date.now(),
};

/** What a tunnel's TUN was; it is the same again where it can be. */
export interface TunRecall {
	recall(tunnelName: string): Tun | null;
	remember(tunnelName: string, tun: Tun): void;
}

export interface InstanceRun {
	readonly display: Display;
	readonly environment: Environment;
	readonly version: string;
	readonly requests: readonly TunnelRequest[];
	/** False: the first failure of the only tunnel ends the process. True: what may pass is tried again. */
	readonly isRetried: boolean;
	readonly tuns: TunRecall;
	/** Absolute; null for a tunnel of the command line. */
	readonly configPath: string | null;
	/** What SIGHUP does; null where it stops. */
	readonly onHangUp: ((instance: Instance) => void) | null;
}

/** Settles when everything has ended and the host is as before. */
export async function runInstance(run: InstanceRun): Promise<ExitCode> {
	const { display, environment, onHangUp } = run;
	const stopping = new AbortController();
	const bug = watchForBugs(display, stopping);
	const { instance, status } = createInstance(run);
	watchSignals({
		display,
		stopping,
		onHangUp: onHangUp === null ? null : () => onHangUp(instance),
	});
	stopping.signal.addEventListener("abort", () => void instance.stop());
	sweepRuntimeDirectory(environment.runtimeDirectory);
	const service = await startStatusService({
		status,
		respond: createResponder({
			describe: () => status.describe(),
			listTunnels: () => instance.tunnels,
			version: run.version,
			clock: CLOCK,
		}),
		directory: controlDirectoryIn(environment.runtimeDirectory),
		pid: process.pid,
		onSocketError: (error) => {
			const reason = error instanceof Error ? error.message : String(error);
			display.logger.warn(
				{ event: "control-socket", reason },
				`\`tunscope status\` will not find this process: ${reason}`,
			);
		},
		onLinesWanted: (tunnels) => display.showStatus(tunnels),
	});
	await instance.apply(run.requests);
	const end = await instance.ended;
	await service.stop();
	if (bug.hasHappened) return EXIT.internal;
	return end.kind === "stopped" ? EXIT.ok : reportFailure(end.failure, display);
}

function createInstance(run: InstanceRun): {
	readonly instance: Instance;
	readonly status: InstanceStatus;
} {
	const { display, environment, version, isRetried, tuns, configPath } = run;
	const status = new InstanceStatus({
		listTunnels: () => instance.tunnels,
		version,
		pid: process.pid,
		clock: CLOCK,
		...(configPath === null
			? {}
			: {
					describeConfigFile: () => ({
						path: configPath,
						fingerprints: fingerprintsOf(
							instance.tunnels.map(({ request }) => request),
						),
					}),
				}),
	});
	const instance = new Instance({
		tunnelOptions: (name) => {
			const logger = display.loggerOf(name);
			return {
				environment,
				isRetried,
				recallTun: () => tuns.recall(name),
				rememberTun: (tun) => tuns.remember(name, tun),
				createObserver: () => status.follow(name, display.observe(name)),
				onNotice: (message) => {
					logger.warn({ event: "host" }, message);
					status.notice(name, message);
				},
				onWatchError: (error) =>
					logger.debug(
						{ event: "host-watch", err: error },
						"a look at the host failed",
					),
			};
		},
	});
	return { instance, status };
}
