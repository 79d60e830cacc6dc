// Puts an instance's nftables table into the kernel and takes it out, each in one transaction.

import {
	type FirewallPlan,
	renderFirewall,
	renderRemoval,
} from "./firewall-rules.js";
import type { RunCommand } from "./run-command.js";
import { SystemError } from "./system-error.js";

/** Whoever makes and removes an instance's rules. */
export interface Firewall {
	/** Replaces what was made for the same table before. */
	apply(plan: FirewallPlan): Promise<void>;
	/** Removing a table that is not there is no error. */
	remove(tableName: string): Promise<void>;
}

export function nftFirewall(run: RunCommand): Firewall {
	return {
		apply: async (plan) => {
			await run("nft", ["-f", "-"], { input: renderFirewall(plan) });
		},
		remove: (tableName) => removeFirewall(run, tableName),
	};
}

/** Removing a table that is not there is no error. */
export async function removeFirewall(
	run: RunCommand,
	tableName: string,
): Promise<void> {
	await run("nft", ["-f", "-"], { input: renderRemoval(tableName) });
}

/** False once somebody has swept the ruleset (`nft flush ruleset`, a firewall's restart). A look that fails proves nothing. */
export async function isFirewallPresent(
	run: RunCommand,
	tableName: string,
): Promise<boolean> {
	try {
		const { stdout } = await run("nft", ["list", "tables", "inet"]);
		return stdout.split("\n").includes(`table inet ${tableName}`);
	} catch (error) {
		if (error instanceof SystemError) return true;
		throw error;
	}
}
