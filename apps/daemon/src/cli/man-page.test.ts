import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { createProgram } from "./command-line.js";
import { EXIT } from "./exit-codes.js";
import { manPage } from "./man-page.js";

const DOCS = new URL("../../../../docs/", import.meta.url);
const PAGE = fileURLToPath(new URL("man/tunscope.1", DOCS));

const document = (name: string) => readFileSync(new URL(name, DOCS), "utf8");
const program = createProgram({
	version: "0",
	onOutcome: () => undefined,
	output: {},
});

function run(argv: readonly [string, ...string[]]) {
	const [command, ...words] = argv;
	return spawnSync(command, words, {
		encoding: "utf8",
		env: { ...process.env, LC_ALL: "C.UTF-8", MANWIDTH: "200" },
	});
}

/** The page as a reader sees it, without bold and line breaks; null when groff is not installed. */
function rendered(): string | null {
	const { error, stdout } = run(["groff", "-man", "-Tascii", "-P-c", PAGE]);
	if (error !== undefined) return null;
	// Overstruck characters: bold is "x, backspace, x".
	return stdout
		.split("\b")
		.reduce((text, rest) => text.slice(0, -1) + rest)
		.replace(/\s+/g, " ");
}

describe("manual page", () => {
	it("in docs/man is what `npm run man` makes of the option table now", () => {
		const made = manPage({
			program,
			exitCodes: document("exit-codes.md"),
			commandLine: document("command-line.md"),
		});
		expect(readFileSync(PAGE, "utf8"), "run `npm run man`").toBe(made);
	});

	it.for([
		["groff", "-man", "-Tascii", "-ww", "-z", PAGE],
		["mandoc", "-Tlint", "-Wwarning", PAGE],
		["man", "--warnings", "-l", PAGE],
	] as const)("renders without a warning by %s", (argv, context) => {
		const { error, stdout, stderr, status } = run(argv);
		context.skip(error !== undefined, `${argv[0]} is not installed`);
		expect(stderr).toBe("");
		if (argv[0] === "mandoc") expect(stdout).toBe("");
		expect(status).toBe(0);
	});

	it("has every command, option and exit code, copyable", (context) => {
		const text = rendered();
		context.skip(text === null, "groff is not installed");
		for (const command of program.commands) {
			expect(text).toContain(`tunscope ${command.name()}`);
			for (const { flags } of command.options)
				expect(text).toContain(flags.replace(/\s+/g, " "));
		}
		for (const code of Object.values(EXIT)) expect(text).toContain(` ${code} `);
		expect(text).toContain("TUNSCOPE_RUNTIME_DIR");
		expect(text).toContain("tunscope client -l '[::1]:51821' -r");
		expect(text).not.toContain("`");
	});
});
