// Reads the whole packet filter of this host: nft's list, and what only iptables' own programs can show.

import { readFileSync } from "node:fs";
import type { RunCommand } from "../run-command.js";
import { SystemError } from "../system-error.js";
import { explainByIptables, parseIptablesSave } from "./iptables-save.js";
import { mayBeOfIptables, parseNftRuleset } from "./nft-ruleset.js";
import type { Chain, Ruleset } from "./ruleset.js";

const FAMILIES = [
	{ family: "ip", program: "iptables", names: "/proc/net/ip_tables_names" },
	{ family: "ip6", program: "ip6tables", names: "/proc/net/ip6_tables_names" },
] as const;

export interface HostRuleset extends Ruleset {
	/** A sentence for each part of the packet filter that exists and could not be read. */
	readonly unread: readonly string[];
}

/** @param readText null for a file that is not there. */
export async function readHostRuleset(
	run: RunCommand,
	readText: (path: string) => string | null = readTextFile,
): Promise<HostRuleset> {
	const { stdout } = await run("nft", ["-j", "list", "ruleset"]);
	const chains = parseNftRuleset(
		stdout.trim() === "" ? null : JSON.parse(stdout),
	);
	const explained: Chain[] = [];
	const legacy: Chain[] = [];
	const unread: string[] = [];
	for (const { family, program, names } of FAMILIES) {
		if (chains.some((one) => one.family === family && mayBeOfIptables(one))) {
			const save = await saveOf(run, `${program}-nft-save`);
			explained.push(
				...parseIptablesSave(save ?? "", { owner: "iptables", family }),
			);
		}
		// Asked only where it has tables: asking would load its modules.
		if ((readText(names) ?? "").trim() === "") continue;
		const save = await saveOf(run, `${program}-legacy-save`);
		if (save === null) {
			unread.push(unreadText(`${program}-legacy`));
			continue;
		}
		legacy.push(
			...parseIptablesSave(save, { owner: "iptables-legacy", family }),
		);
	}
	return {
		chains: [...explainByIptables(chains, explained), ...legacy],
		unread,
	};
}

function unreadText(program: string): string {
	return `${program} has tables on this host that cannot be read from here, so whether they stop the tunnel is not known. Give tunscope CAP_NET_RAW (it needs that, and ${program}-save, to read them), or look for a DROP in FORWARD yourself: sudo ${program}-save.`;
}

/** Null where the program is missing or fails: its rules then stay unknown. */
async function saveOf(
	run: RunCommand,
	program: string,
): Promise<string | null> {
	try {
		return (await run(program, ["-c"])).stdout;
	} catch (error) {
		if (error instanceof SystemError) return null;
		throw error;
	}
}

function readTextFile(path: string): string | null {
	try {
		return readFileSync(path, "utf8");
	} catch {
		return null;
	}
}
