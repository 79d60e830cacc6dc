// Puts an instance's nftables table into the kernel and takes it out, each in one transaction.

import {
	type FirewallPlan,
	renderFirewall,
	renderRemoval,
} from "./firewall-rules.js";
import type { RunCommand } from "./run-command.js";

export async function applyFirewall(
	run: RunCommand,
	plan: FirewallPlan,
): Promise<void> {
	await run("nft", ["-f", "-"], { input: renderFirewall(plan) });
}

/** Removing a table that is not there is no error. */
export async function removeFirewall(
	run: RunCommand,
	tableName: string,
): Promise<void> {
	await run("nft", ["-f", "-"], { input: renderRemoval(tableName) });
}
