// A host that is only looked at: what would change it is written down, and settings read back as if it had happened.

import type { Firewall } from "./firewall.js";
import type { FirewallPlan } from "./firewall-rules.js";
import type { RunCommand } from "./run-command.js";
import type { SysctlFiles } from "./sysctl-files.js";

/** One change, in the order in which it would happen. */
export type HostChange =
	| {
			readonly kind: "command";
			readonly program: string;
			readonly words: readonly string[];
	  }
	| { readonly kind: "rules"; readonly plan: FirewallPlan }
	| { readonly kind: "no-rules"; readonly tableName: string }
	| { readonly kind: "setting"; readonly key: string; readonly value: string };

export interface DryHost {
	/** Runs what only looks, notes down the rest. */
	readonly run: RunCommand;
	readonly sysctls: SysctlFiles;
	readonly firewall: Firewall;
	/** What has been noted down since the last call. */
	takeChanges(): readonly HostChange[];
}

/** @param tunName whoever has that name now, the tunnel's own TUN will be a new one, with what new ones get */
export function createDryHost(
	real: Readonly<{ run: RunCommand; sysctls: SysctlFiles }>,
	tunName: string,
): DryHost {
	let changes: HostChange[] = [];
	const written = new Map<string, string>();
	return {
		run: (program, words, options) => {
			if (isLook(words)) return real.run(program, words, options);
			changes.push({ kind: "command", program, words });
			return Promise.resolve({ stdout: "", stderr: "" });
		},
		sysctls: {
			read: (key) => {
				const [, , , name = ""] = key.split("/");
				if (name === tunName && !written.has(key))
					return real.sysctls.read(key.replace(`/${name}/`, "/default/"));
				return written.get(key) ?? real.sysctls.read(key);
			},
			write: (key, value) => {
				written.set(key, value);
				changes.push({ kind: "setting", key, value });
				return true;
			},
			list: (key) => real.sysctls.list(key),
		},
		firewall: {
			apply: (plan) => {
				changes.push({ kind: "rules", plan });
				return Promise.resolve();
			},
			remove: (tableName) => {
				changes.push({ kind: "no-rules", tableName });
				return Promise.resolve();
			},
		},
		takeChanges: () => {
			const taken = changes;
			changes = [];
			return taken;
		},
	};
}

/** `ip -j …` and `nft -j …` are how this program asks. */
function isLook(words: readonly string[]): boolean {
	return words.some((word) => word === "-j" || word === "list");
}
