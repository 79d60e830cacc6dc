import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { networkInterfaces, tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createProgram, parseCommandLine } from "./command-line.js";
import { bashCompletionScript } from "./completion-script.js";

const program = createProgram({
	version: "0",
	onOutcome: () => undefined,
	output: {},
});
const hasBash = spawnSync("bash", ["--version"]).status === 0;

let folder = "";
beforeAll(() => {
	folder = mkdtempSync(join(tmpdir(), "tunscope-completion-"));
	writeFileSync(join(folder, "completion.bash"), bashCompletionScript(program));
	writeFileSync(join(folder, "packet one.bin"), "");
	writeFileSync(join(folder, "other"), "");
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/**
 * What bash offers for the last of these words, as bash cuts them: "=" and ":" are words of their own.
 * The function runs as readline runs it: COMP_WORDS, COMP_CWORD, then COMPREPLY.
 */
function offered(...words: readonly string[]): string[] {
	const quoted = ["tunscope", ...words].map((word) => `'${word}'`).join(" ");
	const text = execFileSync(
		"bash",
		[
			"--norc",
			"-euc",
			`source ./completion.bash
			complete -p tunscope | grep -q -- '-F _tunscope tunscope'
			COMP_WORDS=(${quoted}) COMP_CWORD=${words.length}
			_tunscope tunscope
			((\${#COMPREPLY[@]} == 0)) || printf '%s\\n' "\${COMPREPLY[@]}"`,
		],
		{ cwd: folder, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] },
	);
	return text.split("\n").filter(Boolean);
}

describe("bash completion", () => {
	beforeEach((context) => {
		context.skip(!hasBash, "bash is not installed");
	});

	it("offers every command, and help", () => {
		const names = program.commands.map((command) => command.name());
		expect(offered("")).toEqual([...names, "help"]);
		expect(offered("se")).toEqual(["server"]);
		expect(offered("help", "cl")).toEqual(["client"]);
		expect(offered("--v")).toEqual(["--version"]);
	});

	it("offers every long option of every command, and no other", () => {
		for (const command of program.commands) {
			const longs = [
				...command.options.map((option) => option.long),
				"--help",
			].sort();
			expect(offered(command.name(), "--").sort(), command.name()).toEqual(
				longs,
			);
		}
		expect(offered("client", "--json", "--tun-p")).toEqual([
			"--tun-peer",
			"--tun-peer6",
		]);
	});

	it("offers the choices of each option that has some, and the parser takes each of them", () => {
		const values: Record<string, readonly string[]> = {
			"--wire-profile": ["default", "stock-exact"],
			"--host-setup": ["auto", "print", "off"],
			"--on-tun-lost": ["recreate", "exit"],
			"--link-mtu": ["auto"],
			"--oversize": ["drop", "fragment"],
			"--capture": ["off"],
		};
		for (const [option, words] of Object.entries(values)) {
			expect(offered("client", option, "")).toEqual(words);
			expect(offered("server", "-l", "1", option, "")).toEqual(words);
		}
		expect(offered("client", "--log-level", "tr")).toEqual(["trace"]);
		for (const option of program.commands.flatMap(({ options }) => options)) {
			for (const choice of option.argChoices ?? [])
				expect(offered("client", `${option.long}`, choice)).toContain(choice);
		}
		expect(
			parseCommandLine(
				["client", "-l", "127.0.0.1:1", "-r", "h:1", "--link-mtu", "auto"],
				"0",
			).kind,
		).toBe("run");
	});

	it("understands --option=value", () => {
		expect(offered("client", "--wire-profile", "=")).toEqual([
			"default",
			"stock-exact",
		]);
		expect(offered("client", "--wire-profile", "=", "st")).toEqual([
			"stock-exact",
		]);
	});

	it("offers files and interfaces where they are wanted", () => {
		expect(offered("client", "--handshake-packet", "")).toEqual(
			expect.arrayContaining(["completion.bash", "other", "packet one.bin"]),
		);
		expect(offered("client", "--handshake-packet", "pack")).toEqual([
			"packet one.bin",
		]);
		const [known = "lo"] = Object.keys(networkInterfaces());
		expect(offered("server", "--interface", "")).toContain(known);
	});

	it("offers nothing where only the user knows", () => {
		expect(offered("client", "--local", "")).toEqual([]);
		expect(offered("client", "--local", "127.0.0.1", ":", "")).toEqual([]);
		expect(offered("client", "--tun", "")).toEqual([]);
		expect(offered("client", "")).toEqual([]);
		expect(offered("completion", "")).toEqual(["bash"]);
	});

	it("is what `tunscope completion bash` prints", () => {
		expect(parseCommandLine(["completion", "bash"], "0")).toEqual({
			kind: "text",
			text: bashCompletionScript(program),
		});
		expect(parseCommandLine(["completion", "fish"], "0")).toMatchObject({
			kind: "usage-error",
			text: expect.stringContaining("Allowed choices are bash"),
		});
	});
});
