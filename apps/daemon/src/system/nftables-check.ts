// Whether this host has nftables, the program and the kernel's side of it, before anything depends on it.

import type { RunCommand } from "./run-command.js";
import { SystemError } from "./system-error.js";

/** One of each kind of rule that the tunnel needs; `nft -c` has the kernel check it and takes it back. */
const PROBE = `table inet tunscope_probe {
	chain nat_in {
		type nat hook prerouting priority dstnat; policy accept;
		meta nfproto ipv6 fib daddr type local tcp dport 1 counter dnat ip6 to ::1
	}
	chain nat_out {
		type nat hook postrouting priority srcnat; policy accept;
		ip saddr 127.0.0.1 oifname != "lo" counter masquerade
	}
	chain forward {
		type filter hook forward priority filter; policy accept;
		ct state invalid ct status & dnat == 0 oifgroup != 1 counter drop comment "probe"
	}
}
`;

/** What the kernel says when it has no nf_tables, or lacks a part of it. */
const NO_KERNEL_SUPPORT =
	/not supported|No such file or directory|Protocol error|Invalid argument/i;

const INSTEAD =
	"where there is only iptables, `--host-setup print` prints the same rules as iptables commands: run them, and start with --host-setup off.";

/** @throws SystemError NFTABLES_UNAVAILABLE, COMMAND_MISSING, or whatever else keeps nft from running */
export async function requireNftables(run: RunCommand): Promise<void> {
	const trouble = await troubleWithNftables(run, ["-c", "-f", "-"]);
	if (trouble !== null) throw trouble;
}

/** Null when nftables can be used, as far as one can tell without rights; else why not, as half a sentence. */
export async function whyNoNftables(run: RunCommand): Promise<string | null> {
	const trouble = await troubleWithNftables(run, ["list", "tables"]);
	if (trouble?.code === "COMMAND_MISSING") return "`nft` is not installed";
	return trouble?.code === "NFTABLES_UNAVAILABLE"
		? "this host's kernel refuses nftables"
		: null;
}

async function troubleWithNftables(
	run: RunCommand,
	words: readonly string[],
): Promise<SystemError | null> {
	try {
		await run("nft", words, { input: PROBE });
		return null;
	} catch (error) {
		if (!(error instanceof SystemError)) throw error;
		return explain(error);
	}
}

function explain(error: SystemError): SystemError {
	const { code, message } = error;
	if (code === "COMMAND_MISSING") {
		return new SystemError(
			{ code, message, whatToDo: `${withoutStop(error.whatToDo)}; ${INSTEAD}` },
			{ cause: error },
		);
	}
	const words = message.slice(message.indexOf("failed: ") + "failed: ".length);
	if (code !== "COMMAND_FAILED" || !NO_KERNEL_SUPPORT.test(words)) return error;
	return new SystemError(
		{
			code: "NFTABLES_UNAVAILABLE",
			message: `This host's kernel refuses nftables rules (${words.split("\n")[0]}).`,
			whatToDo: `Load its module (modprobe nf_tables) or use a kernel that has it; ${INSTEAD}`,
		},
		{ cause: error },
	);
}

function withoutStop(sentence: string): string {
	return sentence.replace(/\.$/, "");
}
