// The machine, the software and the commit that figures belong to.

import { readFileSync } from "node:fs";
import { availableParallelism, cpus, release, totalmem } from "node:os";
import { fileURLToPath } from "node:url";
import { runCommand } from "@tunscope/e2e/netlab";

const REPOSITORY = fileURLToPath(new URL("../../../", import.meta.url));
const GIBIBYTE = 2 ** 30;

export interface Machine {
	readonly processor: string;
	readonly cores: number;
	readonly memoryGib: number;
	readonly kernel: string;
	readonly distribution: string;
	readonly node: string;
	readonly commit: string;
	/** Load of the last minute before the benchmark began. */
	readonly loadBefore: string;
}

async function commitNow(): Promise<string> {
	try {
		const git = ["git", "-C", REPOSITORY];
		const commit = await runCommand([
			...git,
			"rev-parse",
			"--short=12",
			"HEAD",
		]);
		const changes = await runCommand([
			...git,
			"status",
			"--porcelain",
			"--untracked-files=no",
			"--",
			"packages",
			"apps/daemon",
			"bench",
		]);
		return changes.trim() === ""
			? commit.trim()
			: `${commit.trim()} with uncommitted changes`;
	} catch {
		return "unknown (not a git clone)";
	}
}

function distribution(): string {
	try {
		const release = readFileSync("/etc/os-release", "utf8");
		return /^PRETTY_NAME="?([^"\n]+)/m.exec(release)?.[1] ?? "unknown";
	} catch {
		return "unknown";
	}
}

export async function describeMachine(): Promise<Machine> {
	return {
		processor: cpus()[0]?.model.trim() ?? "unknown",
		cores: availableParallelism(),
		memoryGib: Math.round(totalmem() / GIBIBYTE),
		kernel: release(),
		distribution: distribution(),
		node: process.versions.node,
		commit: await commitNow(),
		loadBefore: readFileSync("/proc/loadavg", "utf8").split(" ", 1)[0] ?? "?",
	};
}
