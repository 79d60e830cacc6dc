// Runs the kernel tests in a network namespace of their own, and shows each of them here as a test.

import { execFile } from "node:child_process";
import {
	accessSync,
	constants,
	mkdtempSync,
	readFileSync,
	rmSync,
} from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { loadAddon } from "./addon.js";
import { NAMESPACE_VARIABLE } from "./kernel-lab.js";

const TIME_LIMIT_MS = 300_000;
const packageFolder = fileURLToPath(new URL("../..", import.meta.url));

/** One test as vitest's JSON reporter tells it. */
interface Verdict {
	readonly fullName: string;
	readonly status: string;
	readonly failureMessages: readonly string[];
}

/** Why the kernel tests cannot run here, null when they can. */
function reasonToSkip(): string | null {
	if (process.platform !== "linux") {
		return "this is not Linux";
	}
	if (process.getuid?.() !== 0) {
		return "not root, so no network namespace can be made";
	}
	try {
		accessSync("/dev/net/tun", constants.R_OK | constants.W_OK);
	} catch {
		return "there is no /dev/net/tun to open";
	}
	try {
		loadAddon();
	} catch (error) {
		return String(error);
	}
	return null;
}

function vitestProgram(): string {
	const manifest = createRequire(import.meta.url).resolve(
		"vitest/package.json",
	);
	return path.join(path.dirname(manifest), "vitest.mjs");
}

/** The environment without what would make the child think that it is a worker of this run. */
function childEnvironment(): NodeJS.ProcessEnv {
	const kept = Object.entries(process.env).filter(
		([name]) => !name.startsWith("VITEST"),
	);
	return { ...Object.fromEntries(kept), [NAMESPACE_VARIABLE]: "1" };
}

function runInNamespace(report: string): Promise<string> {
	const child = [vitestProgram(), "run", "--config", "vitest.kernel.config.ts"];
	const reporting = ["--reporter=json", `--outputFile=${report}`];
	return new Promise((resolve) => {
		execFile(
			"unshare",
			["--net", process.execPath, ...child, ...reporting],
			{ cwd: packageFolder, env: childEnvironment(), timeout: TIME_LIMIT_MS },
			(error, stdout, stderr) =>
				resolve(`${error ?? ""}\n${stdout}\n${stderr}`),
		);
	});
}

async function collectVerdicts(): Promise<{
	readonly verdicts: readonly Verdict[];
	readonly output: string;
}> {
	const folder = mkdtempSync(path.join(tmpdir(), "tunscope-kernel-suite-"));
	const report = path.join(folder, "report.json");
	const output = await runInNamespace(report);
	try {
		const parsed: { testResults: { assertionResults: Verdict[] }[] } =
			JSON.parse(readFileSync(report, "utf8"));
		const verdicts = parsed.testResults.flatMap(
			({ assertionResults }) => assertionResults,
		);
		return { verdicts, output };
	} catch (error) {
		return { verdicts: [], output: `${output}\n${error}` };
	} finally {
		rmSync(folder, { recursive: true });
	}
}

const reason = reasonToSkip();
if (reason !== null) {
	console.warn(`Kernel tests of packages/tun skipped: ${reason}.`);
}

describe.skipIf(reason !== null)("on the real kernel", async () => {
	const { verdicts, output } =
		reason === null ? await collectVerdicts() : { verdicts: [], output: "" };

	it("ran in a namespace of its own", () => {
		expect(verdicts, output).not.toHaveLength(0);
	});

	for (const { fullName, status, failureMessages } of verdicts) {
		it(fullName, () => {
			expect(status, failureMessages.join("\n")).toBe("passed");
		});
	}
});
