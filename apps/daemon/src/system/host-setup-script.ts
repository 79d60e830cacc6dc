// What --host-setup auto would do, as a script with reasons that makes and undoes it, for an operator to run.

import type { TunnelConfig } from "@tunscope/shared/lean";
import type { ResolvedAddress } from "../tunnel/worker-protocol.js";
import { createDryHost, type DryHost, type HostChange } from "./dry-host.js";
import {
	type FirewallPlan,
	renderFirewall,
	renderRemoval,
	tableNameOf,
} from "./firewall-rules.js";
import { noteObstacles } from "./foreign-firewall/note-obstacles.js";
import { reasonOfSetting } from "./forwarding-plan.js";
import { HostSetup } from "./host-setup.js";
import type { HostState } from "./host-state.js";
import { HostStateRecord } from "./host-state-record.js";
import { memoryHostStateStore } from "./host-state-store.js";
import { iptablesCommands } from "./iptables-rules.js";
import { freeTunName, listLinks } from "./links.js";
import { readStartTicks } from "./process-identity.js";
import { formatCommand, type RunCommand } from "./run-command.js";
import { type SysctlFiles, sysctlName } from "./sysctl-files.js";

export interface HostSetupScriptInput {
	readonly config: TunnelConfig;
	readonly remotes: readonly ResolvedAddress[];
	readonly run: RunCommand;
	readonly sysctls: SysctlFiles;
	/** What is on record about this host. */
	readonly state: HostState;
	/** Null where nftables can be used, else why not: the rules are for iptables then. */
	readonly whyNoNftables: string | null;
}

/** Lets a dry host go through the same steps as a real one. Looks at the host and changes nothing. */
export async function writeHostSetupScript(
	input: HostSetupScriptInput,
): Promise<string> {
	const tunName = freeTunName(
		input.config.tun.name,
		await listLinks(input.run),
	);
	const notes: string[] = [];
	const { make, undo } = await rehearse(input, tunName, (note) =>
		notes.push(note),
	);
	const plan = make.flatMap((change) =>
		change.kind === "rules" ? [change.plan] : [],
	)[0];
	const writer = { tunName, plan, isIptables: input.whyNoNftables !== null };
	return [
		...heading(input, tunName),
		...notes.map((note) => `# NOTE: ${note}`),
		'if [ "$1" != undo ]; then',
		"",
		"# 1. The TUN. tunscope does this itself in every mode, also with --host-setup off:",
		...make.flatMap(asTunComment),
		"",
		`# 2. ${rulesWhy(input.config)}`,
		...make.flatMap((change) => asRules(change, writer)),
		"",
		"# 3. Let the kernel carry packets between the TUN and the wire.",
		...asSettings(make, tunName),
		"",
		"else",
		"",
		"# To undo, in this order:",
		...asSettings(undo, null),
		...undo.flatMap((change) => asRules(change, writer)),
		"",
		"fi",
		"",
	].join("\n");
}

export interface Rehearsal {
	readonly make: readonly HostChange[];
	readonly undo: readonly HostChange[];
}

/** What a start would change on this host, and its end would change back. Changes nothing. */
export async function rehearse(
	input: HostSetupScriptInput,
	tunName: string,
	onNotice: (message: string) => void,
): Promise<Rehearsal> {
	const dry = createDryHost(input, tunName);
	const { record, name } = await claimDry(input, dry, onNotice);
	const setup = new HostSetup({
		config: { ...input.config, name, hostSetup: "auto" },
		remotes: input.remotes,
		run: dry.run,
		sysctls: dry.sysctls,
		firewall: dry.firewall,
		record,
		onNotice,
	});
	await setup.configureTun(tunName);
	const make = dry.takeChanges();
	const place = setup.place();
	if (place !== null && input.whyNoNftables === null) {
		const { run } = input;
		const ownTable = tableNameOf(name);
		await noteObstacles({ run, ownTable, place, onNotice });
	}
	await setup.undo();
	return { make, undo: dry.takeChanges() };
}

async function claimDry(
	{ config, run, state }: HostSetupScriptInput,
	dry: DryHost,
	onNotice: (message: string) => void,
): Promise<{ readonly record: HostStateRecord; readonly name: string }> {
	const record = new HostStateRecord({
		store: memoryHostStateStore(state),
		sysctls: dry.sysctls,
		listLinks: () => listLinks(run),
		// What a dead instance left is undone by the next start in every mode: none of the script's business.
		removeTable: () => Promise.resolve(),
		// A dead instance's rule in another program's table goes at the next real start; nothing here to print.
		removeForeignRule: () => Promise.resolve(),
		readStartTicks,
	});
	if (state.instances.some(({ name }) => name === config.name)) {
		onNotice(
			`${config.name} is on record as running: this is what it has made, or would make after its end.`,
		);
		await record.releaseSysctls(config.name);
		await record.unclaim(config.name);
	}
	const { name, notices } = await record.claim({
		name: config.name,
		tableNameOf,
		pid: process.pid,
		startTicks: readStartTicks(process.pid) ?? "",
		role: config.role,
		serverPort: null,
		interfaces: config.interfaces,
	});
	for (const notice of notices) onNotice(`At its start: ${notice}`);
	dry.takeChanges();
	return { record, name };
}

function heading(input: HostSetupScriptInput, tunName: string): string[] {
	const { config, whyNoNftables } = input;
	const lines = [
		"#!/bin/sh",
		`# Host set-up of the tunscope ${config.role} (${config.name}). Nothing has been changed.`,
		"# First start the same command with --host-setup off instead of print. Then, as root, run this: as a file,",
		"# `sh FILE` makes the set-up and `sh FILE undo` undoes it; or copy the lines.",
	];
	if (config.tun.name !== tunName) {
		lines.push(
			`# NOTE: give tunscope --tun ${tunName} too, so that the TUN's name is sure.`,
		);
	}
	if (whyNoNftables !== null) {
		lines.push(
			`# NOTE: rules for iptables, because ${whyNoNftables}. --host-setup auto needs nftables.`,
		);
	}
	return lines;
}

function rulesWhy(config: TunnelConfig): string {
	return config.role === "client"
		? "Rules: translate the TUN's address on the way out, and keep the kernel's own TCP from answering for the tunnel."
		: `Rules: hand TCP port ${config.listen.port} of this host to the TUN, and keep the kernel's own TCP from answering for the tunnel.`;
}

function asTunComment(change: HostChange): string[] {
	return change.kind === "command"
		? [`#   ${formatCommand(change.program, change.words)}`]
		: [];
}

interface RulesWriter {
	readonly plan: FirewallPlan | undefined;
	readonly isIptables: boolean;
}

function asRules(change: HostChange, writer: RulesWriter): string[] {
	if (change.kind !== "rules" && change.kind !== "no-rules") return [];
	if (!writer.isIptables) {
		const text =
			change.kind === "rules"
				? renderFirewall(change.plan)
				: renderRemoval(change.tableName);
		return ["nft -f - <<'END'", text.trimEnd(), "END"];
	}
	if (writer.plan === undefined) return [];
	const commands = iptablesCommands(writer.plan);
	return (change.kind === "rules" ? commands.make : commands.undo).flatMap(
		({ program, words, why }) => [
			...(why === "" ? [] : [`# ${why}`]),
			formatCommand(program, words),
		],
	);
}

/** @param tunName null to leave the reasons out */
function asSettings(
	changes: readonly HostChange[],
	tunName: string | null,
): string[] {
	const lines = changes.flatMap((change) => {
		if (change.kind !== "setting") return [];
		const { key, value } = change;
		return [
			...(tunName === null ? [] : [`# ${reasonOfSetting(key, tunName)}`]),
			formatCommand("sysctl", ["-w", `${sysctlName(key)}=${value}`]),
		];
	});
	if (lines.length > 0 || tunName === null) return lines;
	return ["# Nothing to change here: forwarding is on."];
}
