// Network namespaces with names that carry this process' id, so that leftovers of a dead run can be told and removed.

import { existsSync, readdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { registerCleanup } from "./cleanup.js";
import { runCommand, runCommandSync, runIpBatch } from "./run-command.js";

const NAME_PREFIX = "tunlab";
const NAME_PATTERN = /^tunlab(\d+)-/;
const NAMESPACE_DIRECTORY = "/run/netns";
export const DAEMON_STATE_DIRECTORY = "/run/tunscope";

let serial = 0;

export interface Namespace {
	readonly name: string;
	/** Runs a short command inside. @returns standard output. */
	run(argv: readonly string[], input?: string): Promise<string>;
	/** Runs `ip` lines inside, in one call. */
	ip(lines: readonly string[]): Promise<void>;
	/** Loads an nft script inside. */
	nft(script: string): Promise<void>;
	/** Writes a sysctl, given with dots or slashes. */
	sysctl(settings: Readonly<Record<string, string | number>>): Promise<void>;
	/** Process ids inside. */
	pids(): Promise<number[]>;
	isRemoved(): boolean;
	/** Idempotent. The processes inside must have ended. */
	remove(): Promise<void>;
}

/** @param role short word at the end of the name, e.g. "c". */
export async function createNamespace(role: string): Promise<Namespace> {
	serial += 1;
	const name = `${NAME_PREFIX}${process.pid}-${serial}${role}`;
	await runCommand(["ip", "netns", "add", name]);
	const state = daemonStateOf(name);
	const unregister = registerCleanup(() => {
		runCommandSync(["ip", "netns", "delete", name]);
		rmSync(state, { recursive: true, force: true });
	});
	const namespace = describeNamespace(name, unregister);
	// Duplicate address detection would make every link of the lab wait for a second or two.
	await namespace.sysctl({
		// Inherited from the machine, where Docker may have switched it on; a lab's hosts start as most users' do.
		"net.ipv4.ip_forward": 0,
		"net.ipv6.conf.all.accept_dad": 0,
		"net.ipv6.conf.default.accept_dad": 0,
	});
	await namespace.ip(["link set lo up"]);
	return namespace;
}

function describeNamespace(name: string, unregister: () => void): Namespace {
	const enter = ["ip", "netns", "exec", name];
	let isRemoved = false;
	return {
		name,
		run: (argv, input) => runCommand([...enter, ...argv], input),
		ip: (lines) => runIpBatch(lines, name),
		nft: async (script) => {
			await runCommand([...enter, "nft", "-f", "-"], script);
		},
		sysctl: async (settings) => {
			const pairs = Object.entries(settings).map(
				([key, setting]) => `${key}=${setting}`,
			);
			await runCommand([...enter, "sysctl", "-q", "-w", ...pairs]);
		},
		pids: async () => {
			const listing = await runCommand(["ip", "netns", "pids", name]);
			return listing.split("\n").filter(Boolean).map(Number);
		},
		isRemoved: () => isRemoved,
		remove: async () => {
			if (isRemoved) return;
			isRemoved = true;
			const state = daemonStateOf(name);
			await runCommand(["ip", "netns", "delete", name]);
			// A daemon that a test killed left its record here; a later namespace may get the same inode.
			rmSync(state, { recursive: true, force: true });
			unregister();
		},
	};
}

/** The daemon's run-time directory for this namespace: named by the namespace's inode. */
export function daemonStateOf(namespaceName: string): string {
	const { ino } = statSync(join(NAMESPACE_DIRECTORY, namespaceName));
	return join(DAEMON_STATE_DIRECTORY, String(ino));
}

/** Removes namespaces of lab runs whose process no longer exists, and ends what still runs inside them. */
export async function removeStaleNamespaces(): Promise<readonly string[]> {
	if (!existsSync(NAMESPACE_DIRECTORY)) return [];
	const stale = readdirSync(NAMESPACE_DIRECTORY).filter((name) => {
		const owner = NAME_PATTERN.exec(name)?.[1];
		return owner !== undefined && !existsSync(`/proc/${owner}`);
	});
	for (const name of stale) {
		const listing = await runCommand(["ip", "netns", "pids", name]);
		for (const pid of listing.split("\n").filter(Boolean))
			killQuietly(Number(pid));
		const state = daemonStateOf(name);
		runCommandSync(["ip", "netns", "delete", name]);
		rmSync(state, { recursive: true, force: true });
	}
	return stale;
}

function killQuietly(pid: number): void {
	try {
		process.kill(pid, "SIGKILL");
	} catch {
		// It ended in the meantime.
	}
}
