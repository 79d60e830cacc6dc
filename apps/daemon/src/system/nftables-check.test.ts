import { describe, expect, it } from "vitest";
import { requireNftables, whyNoNftables } from "./nftables-check.js";
import type { RunCommand } from "./run-command.js";
import { SystemError, type SystemErrorCode } from "./system-error.js";

function failing(code: SystemErrorCode, words: string): RunCommand {
	return () =>
		Promise.reject(
			new SystemError({
				code,
				message: `\`nft -c -f -\` failed: ${words}`,
				whatToDo: "Install it (Debian, Ubuntu: apt-get install nftables).",
			}),
		);
}

const fine: RunCommand = () => Promise.resolve({ stdout: "", stderr: "" });

describe("the check for nftables", () => {
	it("is content where nft takes the rules", async () => {
		await requireNftables(fine);
		expect(await whyNoNftables(fine)).toBeNull();
	});

	it("has nft check the rules and load nothing", async () => {
		const seen: unknown[] = [];
		await requireNftables((program, words, options) => {
			seen.push(program, ...words);
			expect(options?.input).toContain("masquerade");
			return fine(program, words);
		});
		expect(seen).toEqual(["nft", "-c", "-f", "-"]);
	});

	it("without the program says what to install, and what to do where that cannot be", async () => {
		const run = failing("COMMAND_MISSING", "");
		await expect(requireNftables(run)).rejects.toMatchObject({
			code: "COMMAND_MISSING",
			whatToDo:
				"Install it (Debian, Ubuntu: apt-get install nftables); where there is only iptables, `--host-setup print` prints the same rules as iptables commands: run them, and start with --host-setup off.",
		});
		expect(await whyNoNftables(run)).toBe("`nft` is not installed");
	});

	it.each([
		"netlink: Error: cache initialization failed: Operation not supported",
		"Unable to initialize Netlink socket: Protocol not supported",
		"/dev/stdin:1:1-29: Error: Could not process rule: No such file or directory",
	])("says that the kernel refuses: %s", async (words) => {
		const run = failing("COMMAND_FAILED", words);
		await expect(requireNftables(run)).rejects.toMatchObject({
			code: "NFTABLES_UNAVAILABLE",
			message: expect.stringContaining(words),
			whatToDo: expect.stringContaining("--host-setup print"),
		});
		expect(await whyNoNftables(run)).toBe(
			"this host's kernel refuses nftables",
		);
	});

	it("does not take a missing right for a missing kernel", async () => {
		const run = failing("COMMAND_FAILED", "Operation not permitted");
		await expect(requireNftables(run)).rejects.toMatchObject({
			code: "COMMAND_FAILED",
		});
		expect(await whyNoNftables(run)).toBeNull();
	});
});
