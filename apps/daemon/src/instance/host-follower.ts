// Keeps a running tunnel in step with its host and its remote's name: what changes there is told to rules, settings and worker.

import { uptime } from "node:os";
import type { TunnelConfig } from "@tunscope/shared/lean";
import type { HostSetup } from "../system/host-setup.js";
import { HostWatch } from "../system/host-watch.js";
import { findRemotesAgain } from "../system/preflight-routes.js";
import { RemoteNames } from "../system/remote-names.js";
import type { RunCommand } from "../system/run-command.js";
import type { TunnelSupervisor } from "../tunnel/tunnel-supervisor.js";
import type { ResolvedAddress } from "../tunnel/worker-protocol.js";

export interface HostFollowerOptions {
	readonly config: TunnelConfig;
	/** Found at the start. */
	readonly remotes: readonly ResolvedAddress[];
	readonly host: Pick<HostSetup, "refresh" | "checkForwarding">;
	readonly replaceRemotes: HostSetup["replaceRemotes"];
	readonly supervisor: Pick<
		TunnelSupervisor,
		"setLinkMtu" | "renewFlows" | "doubtPeers" | "noteTunLink" | "setRemotes"
	>;
	readonly run: RunCommand;
	/** A sentence for the operator. */
	readonly onNotice: (message: string) => void;
	readonly onError: (error: unknown) => void;
}

const monotonicMs = (): number => performance.now();

export class HostFollower {
	readonly #names: RemoteNames;
	readonly #watch: HostWatch;
	readonly #onError: (error: unknown) => void;

	constructor(options: HostFollowerOptions) {
		const { config, host, onError, onNotice, run, supervisor } = options;
		this.#onError = onError;
		this.#names = new RemoteNames({
			host: config.remote.host,
			remotes: options.remotes,
			find: () => findRemotesAgain(run, config),
			prepare: options.replaceRemotes,
			onChange: (remotes) => supervisor.setRemotes(remotes),
			onNotice,
			nowMs: monotonicMs,
		});
		this.#watch = new HostWatch({
			host,
			onLinkMtu: (linkMtuBytes) => supervisor.setLinkMtu(linkMtuBytes),
			onRenewedPath: (peers) => {
				supervisor.renewFlows(peers);
				this.peerSilent();
			},
			onTunSeen: ({ name, isUp, linkMtuBytes }) =>
				supervisor.noteTunLink({ tunName: name, isUp, linkMtuBytes }),
			onWake: () => {
				supervisor.doubtPeers();
				this.peerSilent();
			},
			onNotice,
			onError,
			// The kernel's CLOCK_BOOTTIME.
			clocks: { monotonicMs, bootMs: () => uptime() * 1_000 },
		});
	}

	/** In use now. */
	get remotes(): readonly ResolvedAddress[] {
		return this.#names.remotes;
	}

	/** Idempotent. */
	start(): void {
		this.#watch.start();
		this.#names.start();
	}

	/** Idempotent. */
	stop(): void {
		this.#watch.stop();
		this.#names.stop();
	}

	hostChanged(isOverrun: boolean): void {
		this.#watch.hostChanged(isOverrun);
	}

	/** The name may lead elsewhere. */
	peerSilent(): void {
		this.#names.askAgain().catch(this.#onError);
	}
}
