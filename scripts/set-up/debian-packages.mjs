// The Debian packages that each kind of work needs, and their installation by apt-get, said before it happens.

import { accessSync, constants } from "node:fs";
import { join } from "node:path";
import { lastLines, runProgram, succeeds } from "./run-program.mjs";
import { SetUpError } from "./set-up-error.mjs";

/**
 * @typedef {object} NeededPackage
 * @property {string} packageName
 * @property {string} purpose
 * @property {string} [command] present when this command is; otherwise dpkg is asked for the package
 */

/** For the tunnel itself and the lab of namespaces. @type {readonly NeededPackage[]} */
export const TUNNEL_PACKAGES = [
	{ packageName: "g++", command: "c++", purpose: "builds the native addon" },
	{ packageName: "iproute2", command: "ip", purpose: "namespaces and links" },
	{ packageName: "nftables", command: "nft", purpose: "NAT and guards" },
	{ packageName: "ethtool", command: "ethtool", purpose: "offloads" },
	{
		packageName: "conntrack",
		command: "conntrack",
		purpose: "the lab's referee",
	},
];

/** What the tests need beyond that. @type {readonly NeededPackage[]} */
export const TEST_PACKAGES = [
	...TUNNEL_PACKAGES,
	{ packageName: "tcpdump", command: "tcpdump", purpose: "captures" },
	{
		packageName: "iptables",
		command: "iptables-nft",
		purpose: "firewalls of others",
	},
	{
		packageName: "python3",
		command: "python3",
		purpose: "raw sockets for hostile bytes",
	},
	{ packageName: "python3-scapy", purpose: "hostile packets" },
	{ packageName: "groff-base", command: "groff", purpose: "the manual page" },
	{ packageName: "man-db", command: "man", purpose: "the manual page" },
	{ packageName: "mandoc", command: "mandoc", purpose: "the manual page" },
	{
		packageName: "tshark",
		command: "tshark",
		purpose: "an independent decoder",
	},
	{
		packageName: "clang-14",
		command: "clang++-14",
		purpose: "sanitizers and fuzzing",
	},
	{ packageName: "libclang-rt-14-dev", purpose: "sanitizer run-times" },
	{
		packageName: "chromium",
		command: "chromium",
		purpose: "the page in a browser",
	},
];

/**
 * Installs what is missing. Says so first; throws a SetUpError with one sentence where it cannot.
 * @param {readonly NeededPackage[]} needed
 * @returns {Promise<string[]>} names of the packages that were installed
 */
export async function ensureDebianPackages(needed) {
	const missing = [];
	for (const entry of needed) {
		if (!(await isPresent(entry))) missing.push(entry);
	}
	if (missing.length === 0) return [];
	const names = missing.map((entry) => entry.packageName);
	const list = names.join(" ");
	if (!hasCommand("apt-get")) {
		throw new SetUpError(
			`missing here: ${list}, and there is no apt-get: install them with your system's package manager, then run this again.`,
		);
	}
	if (process.getuid?.() !== 0) {
		throw new SetUpError(
			`missing here: ${list}: run this as root, or run "apt-get install ${list}" yourself first.`,
		);
	}
	console.log("Installing Debian packages with apt-get:");
	for (const entry of missing) {
		console.log(`  ${entry.packageName} (${entry.purpose})`);
	}
	await aptGet(names);
	return names;
}

/** Throws unless this process is root: namespaces, TUN devices and nftables need it. */
export function requireRoot() {
	if (process.platform !== "linux") {
		throw new SetUpError(
			"this needs Linux (TUN devices and network namespaces): run it on a Linux machine or in a virtual one.",
		);
	}
	if (process.getuid?.() !== 0) {
		throw new SetUpError(
			"this makes network namespaces, TUN devices and nftables rules: run it as root (for example with sudo).",
		);
	}
}

/** @param {string} command */
export function hasCommand(command) {
	const folders = `${process.env.PATH ?? ""}:/usr/sbin:/sbin`.split(":");
	return folders.some((folder) => {
		try {
			accessSync(join(folder, command), constants.X_OK);
			return folder !== "";
		} catch {
			return false;
		}
	});
}

/** @param {NeededPackage} entry */
async function isPresent(entry) {
	if (entry.command !== undefined) return hasCommand(entry.command);
	return succeeds(["dpkg", "-s", entry.packageName]);
}

/** @param {string[]} names */
async function aptGet(names) {
	const update = await runProgram(["apt-get", "update", "-q"], {
		heartbeat: "apt-get update",
		timeLimitMs: 180_000,
	});
	const install = await runProgram(
		["apt-get", "install", "-y", "-q", "--no-install-recommends", ...names],
		{ heartbeat: "apt-get install", timeLimitMs: 600_000 },
	);
	if (install.exitCode === 0) return;
	const reason = lastLines(install.output || update.output, 1);
	throw new SetUpError(
		`apt-get could not install ${names.join(" ")} (${reason}): check the network and apt's sources, or install them by hand, then run this again.`,
	);
}
