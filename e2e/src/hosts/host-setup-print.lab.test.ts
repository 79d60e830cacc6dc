// `--host-setup print`: the printed script, run by hand beside `--host-setup off`, makes a tunnel that works; undo leaves no trace.

import {
	copyFileSync,
	mkdtempSync,
	rmSync,
	symlinkSync,
	writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Lab, withLab } from "../netlab/lab.js";
import { type LabProcess, startInNamespace } from "../netlab/lab-process.js";
import { residueBetween, snapshotHost } from "../netlab/residue.js";
import type { Family } from "../netlab/tunnel-options.js";
import { tunscopeArgv } from "../netlab/tunscope-tunnel.js";
import { PORTS, placesIn } from "../tunnel/tunnel-in-lab.js";
import { startConversation } from "./conversation.js";
import { ROLES, type Role } from "./host-kind.js";

const READY_DEADLINE_MS = 10_000;
const CARRY_LIMIT_MS = 6_000;
/** docs/exit-codes.md */
const EXIT_UNAVAILABLE = 69;

/** How a command is started so that it finds the tools of some kind of host. */
type Tools = (argv: readonly string[]) => string[];
const ALL_TOOLS: Tools = (argv) => [...argv];
let folder = "";

/** /usr/sbin of a host that has only the old iptables: mounted over the real one, for this command alone. */
const iptablesOnly: Tools = (argv) => [
	...["unshare", "--mount", "sh", "-c"],
	`mount --bind ${join(folder, "sbin")} /usr/sbin && exec "$@"`,
	...["sh", ...argv],
];

/** A kernel without nf_tables, as `nft` reports it. */
const nftRefused: Tools = (argv) => [
	...["unshare", "--mount", "sh", "-c"],
	`mount --bind ${join(folder, "nft")} /usr/sbin/nft && exec "$@"`,
	...["sh", ...argv],
];

beforeAll(() => {
	folder = mkdtempSync(join(tmpdir(), "tunscope-print-"));
	const sbin = mkdtempSync(join(folder, "s"));
	for (const name of ["xtables-legacy-multi", "sysctl"])
		copyFileSync(join("/usr/sbin", name), join(sbin, name));
	for (const name of ["iptables", "ip6tables"])
		symlinkSync("xtables-legacy-multi", join(sbin, name));
	symlinkSync(sbin, join(folder, "sbin"));
	writeFileSync(
		join(folder, "nft"),
		"#!/bin/sh\necho 'netlink: Error: cache initialization failed: Operation not supported' >&2\nexit 1\n",
		{ mode: 0o755 },
	);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function argvOf(lab: Lab, role: Role, family: Family): string[] {
	const loopback = family === 4 ? "127.0.0.1" : "[::1]";
	const server =
		family === 4 ? lab.server.address4 : `[${lab.server.address6}]`;
	return role === "server"
		? tunscopeArgv(
				...["server", "--tun", "tuns0", "--local", String(PORTS.fakeTcp)],
				...["--remote", `${loopback}:${PORTS.target}`],
			)
		: tunscopeArgv(
				...["client", "--tun", "tunc0"],
				...["--local", `${loopback}:${PORTS.client}`],
				...["--remote", `${server}:${PORTS.fakeTcp}`],
			);
}

interface Side {
	readonly daemon: LabProcess;
	readonly undo: () => Promise<void>;
}

/** As the script's head says: print, start with `off`, run. */
async function startByHand(
	lab: Lab,
	role: Role,
	scene: { readonly family: Family; readonly tools: Tools },
): Promise<Side> {
	const { namespace } = lab[role];
	const argv = argvOf(lab, role, scene.family);
	const script = await namespace.run(
		scene.tools([...argv, "--host-setup", "print"]),
	);
	const path = join(folder, `${role}.sh`);
	writeFileSync(path, script);
	const daemon = startInNamespace(namespace, {
		argv: scene.tools([...argv, "--host-setup", "off"]),
	});
	await daemon.waitForOutput(/"event":"running"/, READY_DEADLINE_MS);
	await namespace.run(scene.tools(["sh", "-e", path]));
	return {
		daemon,
		undo: async () => {
			await namespace.run(scene.tools(["sh", "-e", path, "undo"]));
		},
	};
}

describe.each([4, 6] as const)("IPv%d", (family) => {
	it.each([
		["nftables", ALL_TOOLS],
		["iptables alone", iptablesOnly],
	] as const)(
		"a tunnel set up by the printed script on a host with %s works, and undo leaves nothing",
		async (_, tools) => {
			await withLab({ shape: "with-router", referee: "off" }, async (lab) => {
				const hosts = [lab.client.namespace, lab.server.namespace];
				const before = await Promise.all(hosts.map(snapshotHost));
				const scene = { family, tools };
				const sides = [
					await startByHand(lab, "server", scene),
					await startByHand(lab, "client", scene),
				];
				const conversation = await startConversation(placesIn(lab, family));
				await conversation.carries(CARRY_LIMIT_MS);
				await conversation.end();
				for (const { daemon, undo } of sides) {
					await undo();
					expect((await daemon.stop()).code).toBe(0);
				}
				const rules = await Promise.all(
					hosts.map((host) => host.run(["iptables-legacy-save"])),
				);
				expect(rules.join("")).not.toMatch(/^-A/m);
				const after = await Promise.all(hosts.map(snapshotHost));
				expect(
					before.flatMap((host, place) =>
						residueBetween(host, after[place] ?? {}),
					),
				).toEqual([]);
			});
		},
	);
});

describe("--host-setup auto", () => {
	it.each([
		["without nft", iptablesOnly, /`nft` is not installed\. Install it/],
		[
			"where the kernel refuses nftables",
			nftRefused,
			/kernel refuses nftables rules \(netlink: Error/,
		],
	] as const)(
		"%s ends with one sentence, the way out and code 69, and changes nothing",
		async (_, tools, says) => {
			await withLab({ referee: "off" }, async (lab) => {
				for (const role of ROLES) {
					const { namespace } = lab[role];
					const before = await snapshotHost(namespace);
					const daemon = startInNamespace(namespace, {
						argv: tools(argvOf(lab, role, 4)),
					});
					const { code } = await daemon.ended;
					expect(daemon.stderr()).toMatch(says);
					expect(daemon.stderr()).toContain("--host-setup print");
					expect(daemon.stderr().trim().split("\n")).toHaveLength(1);
					expect(code).toBe(EXIT_UNAVAILABLE);
					const after = await snapshotHost(namespace);
					expect(residueBetween(before, after)).toEqual([]);
				}
			});
		},
	);
});
