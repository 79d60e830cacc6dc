// Real network namespaces for tests of the host set-up: their own names, and commands and settings inside them.

import { execFileSync } from "node:child_process";
import { type RunCommand, runCommand } from "../run-command.js";
import type { SysctlFiles } from "../sysctl-files.js";

export interface Namespace {
	readonly name: string;
	readonly run: RunCommand;
	readonly sysctls: SysctlFiles;
	/** A shell line inside; its standard output. */
	shell(line: string): string;
}

/** Why namespaces cannot be had here, or null when they can. */
export function whyNoNamespaces(): string | null {
	if (process.getuid?.() !== 0) return "needs root";
	const probe = `tunscope-probe-${process.pid}`;
	try {
		execFileSync("ip", ["netns", "add", probe], { stdio: "pipe" });
		execFileSync("ip", ["netns", "exec", probe, "nft", "list", "ruleset"], {
			stdio: "pipe",
		});
		return null;
	} catch (error) {
		return `needs network namespaces, ip and nft (${error instanceof Error ? error.message.trim() : error})`;
	} finally {
		deleteNamespace(probe);
	}
}

export function createNamespace(label: string): Namespace {
	const name = `tunscope-${label}-${process.pid}`;
	execFileSync("ip", ["netns", "add", name]);
	const inside = (...words: readonly string[]) =>
		execFileSync("ip", ["netns", "exec", name, ...words], {
			encoding: "utf8",
			stdio: "pipe",
		});
	inside("ip", "link", "set", "lo", "up");
	// A new namespace inherits this from the machine, and on one with Docker it is on.
	inside("sysctl", "-qw", "net.ipv4.ip_forward=0");
	return {
		name,
		run: (program, words, options) =>
			runCommand("ip", ["netns", "exec", name, program, ...words], options),
		sysctls: {
			read: (key) => orNull(() => inside("cat", `/proc/sys/${key}`).trim()),
			write: (key, value) =>
				orNull(() =>
					inside(
						"sh",
						"-c",
						`test -e '/proc/sys/${key}' && echo ${value} > '/proc/sys/${key}'`,
					),
				) !== null,
			list: (key) =>
				orNull(() => inside("ls", `/proc/sys/${key}`).trim().split("\n")) ?? [],
		},
		shell: (line) => inside("bash", "-c", line),
	};
}

export function deleteNamespace(name: string): void {
	orNull(() => execFileSync("ip", ["netns", "del", name], { stdio: "pipe" }));
}

function orNull<Value>(attempt: () => Value): Value | null {
	try {
		return attempt();
	} catch {
		return null;
	}
}
