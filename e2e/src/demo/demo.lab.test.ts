// The demo as a person starts it: on a terminal, without one, ended by itself and by Ctrl-C; and nothing stays behind.

import { spawn } from "node:child_process";
import { readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { waitUntil } from "../netlab/wait-until.js";

const DEMO = fileURLToPath(new URL("../../dist/demo/main.js", import.meta.url));
const SECONDS = 3;

interface Run {
	readonly code: number | null;
	readonly output: string;
}

function start(argv: readonly string[]) {
	const [file = "", ...rest] = argv;
	const child = spawn(file, rest, {
		stdio: ["pipe", "pipe", "pipe"],
		env: { ...process.env, TERM: "xterm-256color" },
		timeout: 40_000,
	});
	let output = "";
	for (const stream of [child.stdout, child.stderr])
		stream.setEncoding("utf8").on("data", (text: string) => {
			output += text;
		});
	const ended = new Promise<Run>((resolve) => {
		child.once("close", (code) => resolve({ code, output }));
	});
	return { child, ended, output: () => output };
}

function namespacesOf(pid: number | undefined): string[] {
	return readdirSync("/run/netns").filter((name) =>
		name.startsWith(`tunlab${pid}-`),
	);
}

describe("demo", () => {
	it("prints progress, both verdicts, and exits with 0", async () => {
		const demo = start([process.execPath, DEMO, "--seconds", String(SECONDS)]);
		const { code, output } = await demo.ended;
		expect(output).toMatch(/client → server [\d,]+ of [\d,]+ verified/);
		expect(output).toMatch(
			/client → server: [\d,]+ of [\d,]+ [\s\S]*server → client: /,
		);
		expect(code, output).toBe(0);
		expect(namespacesOf(demo.child.pid)).toEqual([]);
	});

	it("shows the client's live view and the verifier's panel on a terminal", async () => {
		const command = `stty rows 40 cols 110; exec '${process.execPath}' '${DEMO}' --seconds ${SECONDS}`;
		const demo = start(["script", "-qfec", command, "/dev/null"]);
		const { code, output } = await demo.ended;
		expect(output).toMatch(/ESTABLISHED/);
		expect(output).toMatch(/demo ── \d+ s of 3 s/);
		expect(output).toMatch(/arrived \(\d+\.\d+ %\)[\s\S]*0 changed/);
		expect(code, output).toBe(0);
	});

	it("ends in order on Ctrl-C, with a verdict", async () => {
		const demo = start([process.execPath, DEMO]);
		await waitUntil(() => / 2 s {2}client/.test(demo.output()), {
			what: "two seconds of traffic",
			deadlineMs: 15_000,
		});
		demo.child.kill("SIGINT");
		const { code, output } = await demo.ended;
		expect(output).toMatch(
			/server → client: [\d,]+ of [\d,]+ datagrams arrived/,
		);
		expect(code, output).toBe(0);
		expect(namespacesOf(demo.child.pid)).toEqual([]);
	});

	it.each(["0", "1.5", "soon"])("refuses --seconds %s", async (text) => {
		const demo = start([process.execPath, DEMO, "--seconds", text]);
		const { code, output } = await demo.ended;
		expect(code).toBe(2);
		expect(output).toMatch(/whole number/);
	});
});
