// `--host-setup print`: gathers what is known about this host and prints the script for it. Works without rights, too.

import type { TunnelConfig, TunnelRequest } from "@tunscope/shared/lean";
import { readEnvironment } from "../config/environment.js";
import { chooseTun } from "../instance/choose-tun.js";
import { lookAround } from "../instance/look-around.js";
import {
	type HostSetupScriptInput,
	writeHostSetupScript,
} from "../system/host-setup-script.js";
import type { HostState } from "../system/host-state.js";
import { openHostStateStore } from "../system/host-state-store.js";
import { whyNoNftables } from "../system/nftables-check.js";
import { resolveRemote } from "../system/resolve-remote.js";
import { runCommand } from "../system/run-command.js";
import { createSysctlFiles } from "../system/sysctl-files.js";

/** @throws SystemError when the remote does not resolve, or the host cannot be looked at */
export async function hostSetupText(request: TunnelRequest): Promise<string> {
	const occupancy = await lookAround(runCommand, []);
	const tun = chooseTun(request, occupancy, null);
	return writeHostSetupScript(
		await gatherForScript({ ...request.config, tun }),
	);
}

/** @throws SystemError when the remote does not resolve, or the host cannot be looked at */
export async function gatherForScript(
	config: TunnelConfig,
): Promise<HostSetupScriptInput> {
	return {
		config,
		remotes: await resolveRemote(config),
		run: runCommand,
		sysctls: createSysctlFiles(),
		state: readState(),
		whyNoNftables: await whyNoNftables(runCommand),
	};
}

function readState(): HostState {
	const { runtimeDirectory } = readEnvironment();
	// Only root may read the record; without it, other tunnels' settings look like the host's own.
	return process.getuid?.() === 0
		? openHostStateStore(runtimeDirectory).read()
		: {
				version: 1,
				bootId: "",
				namespaceCookie: null,
				instances: [],
				sysctls: [],
			};
}
