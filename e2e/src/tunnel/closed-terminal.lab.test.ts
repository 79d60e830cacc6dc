// A terminal that is closed under a running tunnel: the daemon ends in order, with the host as it was.

import {
	existsSync,
	mkdtempSync,
	readFileSync,
	rmSync,
	writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createLab, type Lab } from "../netlab/index.js";
import { startInNamespace } from "../netlab/lab-process.js";
import { residueBetween, snapshotHost } from "../netlab/residue.js";
import { tunscopeArgv, whyNoDaemon } from "../netlab/tunscope-tunnel.js";
import { waitUntil } from "../netlab/wait-until.js";

const CONFIGURATION = `tunnels:
  here:
    role: server
    local: 4567
    remote: 127.0.0.1:9000
`;

let lab: Lab;
let folder = "";
beforeAll(async () => {
	const reason = whyNoDaemon();
	if (reason !== null) throw new Error(reason);
	lab = await createLab({});
	folder = mkdtempSync(join(tmpdir(), "tunscope-terminal-"));
	writeFileSync(join(folder, "up.yaml"), CONFIGURATION);
});
afterAll(async () => {
	rmSync(folder, { recursive: true, force: true });
	await lab.tearDown();
});

const CASES = [
	{
		name: "server",
		words: () => ["server", "-l", "4567", "-r", "127.0.0.1:9000"],
	},
	{
		name: "up",
		words: () => ["up", "-c", join(folder, "up.yaml"), "--state-dir", folder],
	},
] as const;

/**
 * The command on a pseudo-terminal. The kernel tells the shell of the end, which hands it on as login shells do and
 * outlives the command long enough to write down its exit code.
 */
function startOnTerminal(words: readonly string[], codeFile: string) {
	const command = tunscopeArgv(...words).join(" ");
	return startInNamespace(lab.server.namespace, {
		argv: [
			...["script", "--quiet", "--flush", "--command"],
			`${command} & pid=$!; trap "kill -HUP $pid" HUP; wait $pid; wait $pid; echo $? > ${codeFile}`,
			"/dev/null",
		],
	});
}

describe("a terminal is closed under", () => {
	it.each(CASES)("tunscope $name", async ({ name, words }) => {
		const before = await snapshotHost(lab.server.namespace);
		const codeFile = join(folder, `${name}.code`);
		const terminal = startOnTerminal(words(), codeFile);
		await terminal.waitForOutput(/running/, 15_000);
		// The terminal's other end goes with `script`.
		process.kill(terminal.pid, "SIGKILL");
		const code = await waitUntil(
			() =>
				existsSync(codeFile)
					? readFileSync(codeFile, "utf8").trim() || null
					: null,
			{ what: "the command's exit code", deadlineMs: 5_000 },
		);
		expect(code).toBe("0");
		expect(
			residueBetween(before, await snapshotHost(lab.server.namespace)),
		).toEqual([]);
	});
});
