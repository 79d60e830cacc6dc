// What a host looks like (addresses, routes, rules, sysctls, sockets, processes, state files), and what changed since.

import { readdirSync } from "node:fs";
import { basename } from "node:path";
import {
	DAEMON_STATE_DIRECTORY,
	daemonStateOf,
	type Namespace,
} from "./namespace.js";

/** One line per fact, by kind; lines are sorted, so equal hosts give equal snapshots. */
export type HostSnapshot = Readonly<Record<string, readonly string[]>>;

/** Leaves of net.ipv4.conf.* and net.ipv6.conf.* that a tunnel may touch. */
const INTERFACE_SETTINGS: Readonly<Record<4 | 6, readonly string[]>> = {
	4: ["forwarding", "rp_filter", "accept_redirects", "send_redirects"],
	6: ["forwarding", "force_forwarding", "accept_ra", "disable_ipv6"],
};

/** Commands whose every output line is a fact. */
const LISTINGS: Readonly<Record<string, readonly string[]>> = {
	links: ["ip", "-o", "link", "show"],
	addresses: ["ip", "-o", "addr", "show"],
	"IPv4 routes": ["ip", "-4", "route", "show", "table", "all"],
	"IPv6 routes": ["ip", "-6", "route", "show", "table", "all"],
	"IPv4 rules": ["ip", "-4", "rule", "show"],
	"IPv6 rules": ["ip", "-6", "rule", "show"],
	"nft ruleset": ["nft", "list", "ruleset"],
	sockets: ["ss", "-H", "-n", "-a", "-t", "-u"],
};

/** Takes a snapshot of one host of a lab. */
export async function snapshotHost(
	namespace: Namespace,
): Promise<HostSnapshot> {
	const snapshot: Record<string, readonly string[]> = {};
	for (const [kind, argv] of Object.entries(LISTINGS)) {
		const listing = await namespace.run(argv);
		const lines = listing.split("\n").map(withoutMovingParts).filter(Boolean);
		// The ruleset's order has meaning, everything else is a set.
		snapshot[kind] = kind === "nft ruleset" ? lines : lines.sort();
	}
	snapshot.sysctls = await readSettings(namespace);
	snapshot.processes = (await namespace.pids()).map(String).sort();
	snapshot[`files in ${DAEMON_STATE_DIRECTORY}`] = listStateFiles(
		namespace.name,
	);
	return snapshot;
}

/** Counters, life times and index numbers move by themselves. */
function withoutMovingParts(line: string): string {
	return line
		.replace(/^\d+: /, "")
		.replace(/counter packets \d+ bytes \d+/, "counter")
		.replace(/ expires \d+sec/, "")
		.replace(/(valid_lft|preferred_lft) \S+/g, "")
		.replace(/\\\s*/g, " ")
		.trimEnd();
}

async function readSettings(namespace: Namespace): Promise<string[]> {
	const patterns = [4, 6].flatMap((family) =>
		INTERFACE_SETTINGS[family === 4 ? 4 : 6].map(
			(leaf) => `/proc/sys/net/ipv${family}/conf/*/${leaf}`,
		),
	);
	const listing = await namespace.run([
		"sh",
		"-c",
		`grep -H . /proc/sys/net/ipv4/ip_forward ${patterns.join(" ")} 2>/dev/null || true`,
	]);
	return listing
		.split("\n")
		.filter(Boolean)
		.map((line) => line.replace("/proc/sys/", ""))
		.sort();
}

/** The daemon keeps a directory per network namespace, named by its inode: those of other namespaces are not ours. */
function listStateFiles(namespaceName: string): string[] {
	const own = basename(daemonStateOf(namespaceName));
	try {
		return readdirSync(DAEMON_STATE_DIRECTORY, { recursive: true })
			.map(String)
			.filter((path) => !/^\d+(\/|$)/.test(path) || path.startsWith(own))
			.sort();
	} catch {
		// It does not exist, which is the usual state of a host.
		return [];
	}
}

/**
 * @returns one readable line per difference, e.g. `nft ruleset: left behind: table inet tunscope_x {`;
 * empty when the hosts are equal.
 */
export function residueBetween(
	before: HostSnapshot,
	after: HostSnapshot,
): string[] {
	const kinds = new Set([...Object.keys(before), ...Object.keys(after)]);
	return [...kinds].flatMap((kind) => {
		const was = before[kind] ?? [];
		const is = after[kind] ?? [];
		const differences = [
			...without(is, was).map((line) => `${kind}: left behind: ${line}`),
			...without(was, is).map((line) => `${kind}: missing: ${line}`),
		];
		if (differences.length > 0 || was.join("\n") === is.join("\n"))
			return differences;
		return [`${kind}: same lines in another order`];
	});
}

/** Lines of `minuend` that are not in `subtrahend`, as multisets. */
function without(
	minuend: readonly string[],
	subtrahend: readonly string[],
): string[] {
	const left = new Map<string, number>();
	for (const line of subtrahend) left.set(line, (left.get(line) ?? 0) + 1);
	return minuend.filter((line) => {
		const count = left.get(line) ?? 0;
		left.set(line, count - 1);
		return count <= 0;
	});
}
