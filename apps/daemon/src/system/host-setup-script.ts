// What --host-setup auto would do, as commands with their reasons and their undoing, for an operator to run.

import type { TunnelConfig } from "@tunscope/shared/lean";
import type { ResolvedAddress } from "../tunnel/worker-protocol.js";
import {
	type ForwardGuards,
	renderFirewall,
	renderRemoval,
	tableNameOf,
} from "./firewall-rules.js";
import { planForwarding, type SysctlWish } from "./forwarding-plan.js";
import { firewallPlanOf, isIpv6Usable, tunLinkPlanOf } from "./host-setup.js";
import { tunLinkCommands } from "./links.js";
import { discoverNetworkPath } from "./network-path.js";
import { formatCommand, type RunCommand } from "./run-command.js";
import { type SysctlFiles, sysctlName } from "./sysctl-files.js";

export interface HostSetupScriptInput {
	readonly config: TunnelConfig;
	readonly remotes: readonly ResolvedAddress[];
	readonly run: RunCommand;
	readonly sysctls: SysctlFiles;
}

/** A name for the TUN where the operator has left the choice to the kernel. */
const LIKELY_TUN_NAME = "tun0";

/** Looks at the host and changes nothing. */
export async function writeHostSetupScript(
	input: HostSetupScriptInput,
): Promise<string> {
	const { config, remotes, run, sysctls } = input;
	const tunName = config.tun.name || LIKELY_TUN_NAME;
	const usesIpv6 = isIpv6Usable(config, sysctls);
	const { role, interfaces } = config;
	const path = await discoverNetworkPath(run, {
		role,
		interfaces,
		remotes,
		usesIpv6,
	});
	const linkMtuBytes =
		config.linkMtuBytes === "auto" ? path.linkMtuBytes : config.linkMtuBytes;
	const links = tunLinkCommands(
		tunLinkPlanOf(config, { tunName, linkMtuBytes, usesIpv6 }),
	);
	const wishes = planForwarding(
		{ tunName, interfaces: path.interfaces },
		sysctls,
	);
	const missing = wishes.filter(
		({ key, wanted }) => sysctls.read(key) !== wanted,
	);
	const guards = guardsOfWishes(missing);
	const rules = renderFirewall(
		firewallPlanOf({ config, remotes, tunName, guards, usesIpv6 }),
	);
	return [
		...heading(config, tunName),
		...path.notices.map((notice) => `# NOTE: ${notice}`),
		"",
		"# 1. The TUN. tunscope does this itself in every mode, also with --host-setup off:",
		...links.map((words) => `#   ${formatCommand("ip", words)}`),
		"",
		`# 2. ${rulesWhy(config)}`,
		"nft -f - <<'END'",
		rules.trimEnd(),
		"END",
		"",
		"# 3. Let the kernel carry packets between the TUN and the wire, once tunscope has opened the TUN.",
		...(missing.length === 0
			? ["# Nothing to change here: forwarding is on."]
			: []),
		...missing.flatMap((wish) => [
			`# ${wish.why}`,
			setting(wish.key, wish.wanted),
		]),
		"",
		"# To undo, in this order:",
		...undo(missing, sysctls),
		`#   printf '${renderRemoval(tableNameOf(config.name)).replaceAll("\n", "\\n")}' | nft -f -`,
		"",
	].join("\n");
}

function heading(config: TunnelConfig, tunName: string): string[] {
	const lines = [
		`# Host set-up of the tunscope ${config.role} (${config.name}). Nothing has been changed.`,
		"# Run these as root, then start the same command with --host-setup off.",
	];
	if (config.tun.name === "") {
		lines.push(
			`# NOTE: give tunscope --tun ${tunName} too, so that the TUN's name is sure.`,
		);
	}
	return lines;
}

function rulesWhy(config: TunnelConfig): string {
	return config.role === "client"
		? "Rules: translate the TUN's address on the way out, and keep the kernel's own TCP from answering for the tunnel."
		: `Rules: hand TCP port ${config.listen.port} of this host to the TUN, and keep the kernel's own TCP from answering for the tunnel.`;
}

function guardsOfWishes(missing: readonly SysctlWish[]): ForwardGuards {
	const guarding = missing.filter(({ needsGuard }) => needsGuard);
	const named = (family: "ipv4" | "ipv6") =>
		guarding.flatMap((wish) =>
			wish.family === family && wish.interfaceName !== null
				? [wish.interfaceName]
				: [],
		);
	const isHostWide = guarding.some(
		({ interfaceName }) => interfaceName === null,
	);
	return { ipv4: named("ipv4"), ipv6: isHostWide ? "all" : named("ipv6") };
}

function setting(key: string, value: string): string {
	return formatCommand("sysctl", ["-w", `${sysctlName(key)}=${value}`]);
}

function undo(missing: readonly SysctlWish[], sysctls: SysctlFiles): string[] {
	return missing
		.filter(({ isOfOurTun }) => !isOfOurTun)
		.map(({ key }) => `#   ${setting(key, sysctls.read(key) ?? "0")}`)
		.reverse();
}
