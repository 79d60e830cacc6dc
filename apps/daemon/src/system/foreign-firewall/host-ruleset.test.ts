// Which programs are asked for the host's rules, and what is said of those that do not answer.

import { describe, expect, it } from "vitest";
import type { RunCommand } from "../run-command.js";
import { SystemError } from "../system-error.js";
import { readHostRuleset } from "./host-ruleset.js";

const LEGACY_SAVE = `*filter
:INPUT ACCEPT [0:0]
:FORWARD DROP [7:420]
:OUTPUT ACCEPT [0:0]
COMMIT
`;

/** A host without nftables rules, whose legacy program answers or may not. */
function host(answer: "rules" | "refusal"): {
	readonly run: RunCommand;
	readonly asked: string[];
} {
	const asked: string[] = [];
	const run: RunCommand = (program) => {
		asked.push(program);
		if (program === "nft")
			return Promise.resolve({ stdout: '{"nftables": []}', stderr: "" });
		if (answer === "rules")
			return Promise.resolve({ stdout: LEGACY_SAVE, stderr: "" });
		return Promise.reject(
			new SystemError({
				code: "COMMAND_FAILED",
				message: "Permission denied (you must be root)",
				whatToDo: "",
			}),
		);
	};
	return { run, asked };
}

const onlyIpv4 = (path: string) =>
	path === "/proc/net/ip_tables_names" ? "filter\n" : null;

describe("readHostRuleset", () => {
	it("asks legacy iptables only where it has tables", async () => {
		const { run, asked } = host("rules");
		expect(await readHostRuleset(run, () => null)).toEqual({
			chains: [],
			unread: [],
		});
		expect(asked).toEqual(["nft"]);
	});

	it("reads what legacy iptables has", async () => {
		const { run, asked } = host("rules");
		const { chains, unread } = await readHostRuleset(run, onlyIpv4);
		expect(asked).toEqual(["nft", "iptables-legacy-save"]);
		expect(chains.map(({ name }) => name)).toContain("FORWARD");
		expect(unread).toEqual([]);
	});

	it("says so when legacy tables exist and may not be read", async () => {
		const { chains, unread } = await readHostRuleset(
			host("refusal").run,
			onlyIpv4,
		);
		expect(chains).toEqual([]);
		expect(unread).toHaveLength(1);
		expect(unread[0]).toMatch(/iptables-legacy has tables.*CAP_NET_RAW/);
	});
});
