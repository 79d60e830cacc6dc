// Wrong flags: the command says what is wrong and what is allowed, and exits with 2, before it touches the host.

import { spawnSync } from "node:child_process";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createNamespace, type Namespace } from "../netlab/namespace.js";
import { tunscopeArgv, whyNoDaemon } from "../netlab/tunscope-tunnel.js";

/** Should a wrong flag be taken after all, the tunnel starts in here and not on this machine. */
let sandbox: Namespace;
beforeAll(async () => {
	const reason = whyNoDaemon();
	if (reason !== null) throw new Error(reason);
	sandbox = await createNamespace("f");
});
afterAll(() => sandbox.remove());

interface Run {
	readonly code: number | null;
	readonly stdout: string;
	readonly stderr: string;
}

function run(...words: readonly string[]): Run {
	const argv = ["netns", "exec", sandbox.name, ...tunscopeArgv(...words)];
	const outcome = spawnSync("ip", argv, { encoding: "utf8", timeout: 5_000 });
	return {
		code: outcome.status,
		stdout: outcome.stdout,
		stderr: outcome.stderr,
	};
}

const CLIENT = ["client", "-l", "127.0.0.1:9001", "-r", "198.18.0.1:4567"];
const SERVER = ["server", "-l", "4567", "-r", "127.0.0.1:9000"];

/** Words, and what the message must contain. */
const WRONG: readonly (readonly [words: readonly string[], says: RegExp])[] = [
	[["client"], /--local/],
	[["client", "-l", "127.0.0.1:9001"], /--remote/],
	[["client", "-l", "9001", "-r", "198.18.0.1:4567"], /IP:PORT/],
	[["client", "-l", "127.0.0.1:0", "-r", "198.18.0.1:4567"], /65535|65,535/],
	[["client", "-l", "127.0.0.1:9001", "-r", "2001:db8::1:4567"], /bracket/],
	[["server", "-l", "127.0.0.1:4567", "-r", "127.0.0.1:9000"], /port/i],
	[["server", "-l", "65536", "-r", "127.0.0.1:9000"], /65535|65,535/],
	[[...CLIENT, "--oversize", "cut"], /drop/],
	[[...CLIENT, "--link-mtu", "575"], /576/],
	[[...CLIENT, "--link-mtu", "65536"], /65535|65,535/],
	[[...CLIENT, "--wire-profile", "fancy"], /stock-exact/],
	[[...CLIENT, "--host-setup", "maybe"], /print/],
	[[...CLIENT, "--tun", "a-name-that-is-too-long"], /15/],
	[[...CLIENT, "--tun-local", "fcc8::1"], /IPv4/],
	[[...SERVER, "--max-flows", "0"], /1/],
	[[...SERVER, "--idle-timeout", "soon"], /180|second|90s/],
	[[...SERVER, "--capture", "8MB"], /8MiB/],
	[["capture"], /NAME/],
	[[...SERVER, "--no-such-flag"], /--no-such-flag/],
	[["serve"], /server/],
];

describe("tunscope", () => {
	it.each(WRONG)("refuses %j", (words, says) => {
		const outcome = run(...words);
		expect(outcome.code, outcome.stderr).toBe(2);
		expect(outcome.stderr).toMatch(says);
	});

	it("exits with 2 and shows its commands when given nothing", () => {
		const outcome = run();
		expect(outcome.code).toBe(2);
		expect(outcome.stderr + outcome.stdout).toMatch(/client[\s\S]*server/);
	});

	it.each(["client", "server"])("prints help with examples for %s", (role) => {
		const outcome = run(role, "--help");
		expect(outcome.code).toBe(0);
		expect(outcome.stdout).toMatch(/--tun-local6/);
		expect(outcome.stdout).toMatch(/example/i);
	});

	it("prints its version", () => {
		const outcome = run("--version");
		expect(outcome.code).toBe(0);
		expect(outcome.stdout).toMatch(/\d+\.\d+\.\d+/);
	});
});
