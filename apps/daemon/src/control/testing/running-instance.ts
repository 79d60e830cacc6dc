// An instance with tunnels that carry nothing, asked through a real control socket: for tests of the commands that ask.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
	CONTROL_VERSION,
	TUN_ADDRESS_DEFAULTS,
	TUNNEL_DEFAULTS,
} from "@tunscope/shared/lean";
import { AnomalyRing } from "../../anomaly/anomaly-ring.js";
import { type Environment, readEnvironment } from "../../config/environment.js";
import { controlDirectoryIn } from "../../system/control-socket-files.js";
import { ControlServer } from "../control-server.js";
import { type ControlledTunnel, createResponder } from "../respond.js";
import { describedTunnel } from "./described-tunnel.js";

/** Named, running, with a ring of anomalies of its own; without a capture ring. */
export function controlledTunnel(
	name: string,
	change: Partial<ControlledTunnel> = {},
): ControlledTunnel {
	return {
		describe: () => ({
			name,
			config: {
				name,
				role: "client",
				listen: { address: "127.0.0.1", port: 1 },
				remote: { host: "192.0.2.1", port: 2 },
				tun: { name: "", ...TUN_ADDRESS_DEFAULTS.client },
				ipv4Only: false,
				interfaces: [],
				...TUNNEL_DEFAULTS,
			},
			state: "running",
			inStateMs: 1,
			remotes: [],
			tunName: "tun7",
			failure: null,
			retryInMs: null,
			sample: null,
		}),
		captureMemory: null,
		anomalies: new AnomalyRing(name),
		reconnect: () => true,
		...change,
	};
}

/** A run-time directory of its own, in which instances can be started. */
export class RunningInstances {
	readonly environment: Environment;
	readonly #directory = mkdtempSync(join(tmpdir(), "tunscope-running-"));
	readonly #servers: ControlServer[] = [];

	constructor() {
		this.environment = {
			...readEnvironment(),
			runtimeDirectory: this.#directory,
			isColourUnwanted: true,
			language: "en",
		};
	}

	async start(
		pid: number,
		...tunnels: readonly ControlledTunnel[]
	): Promise<void> {
		const names = tunnels.map((tunnel) => tunnel.describe(0).config.name);
		this.#servers.push(
			await ControlServer.open({
				directory: controlDirectoryIn(this.#directory),
				pid,
				respond: createResponder({
					describe: async () => ({
						version: CONTROL_VERSION,
						kind: "status",
						pid,
						tunscope: "1.2.3",
						uptimeMs: 1,
						tunnels: names.map((name) => describedTunnel({ name })),
					}),
					listTunnels: () => tunnels,
					version: "1.2.3",
					clock: { monotonicMs: () => 1_000, wallMs: () => 5_000 },
				}),
			}),
		);
	}

	/** Ends all instances. */
	async stop(): Promise<void> {
		for (const server of this.#servers.splice(0)) await server.close();
		rmSync(this.#directory, { recursive: true, force: true });
	}
}
