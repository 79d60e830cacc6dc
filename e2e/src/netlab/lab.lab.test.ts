// The lab's own proofs: it leaves nothing, it notices what others leave, and its verifier sees loss and damage.

import { spawn } from "node:child_process";
import { readdirSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { describeVerdict, runTraffic, type Verdict } from "../traffic/index.js";
import { measured } from "../tunnel/measured.js";
import { createLab, type Lab, withLab } from "./lab.js";
import { startInNamespace } from "./lab-process.js";
import { createNamespace, removeStaleNamespaces } from "./namespace.js";
import { residueBetween, snapshotHost } from "./residue.js";
import { waitUntil } from "./wait-until.js";

const ownNamespaces = () =>
	readdirSync("/run/netns").filter((name) =>
		name.startsWith(`tunlab${process.pid}-`),
	);

describe("taking a lab down", () => {
	it("removes namespaces and ends processes when the test in it fails", async () => {
		let pid = 0;
		const failing = withLab({ shape: "with-router" }, async (lab) => {
			pid = startInNamespace(lab.client.namespace, {
				argv: ["sleep", "60"],
			}).pid;
			throw new Error("planted");
		});
		await expect(failing).rejects.toThrow("planted");
		expect(ownNamespaces()).toEqual([]);
		expect(() => process.kill(pid, 0)).toThrow("ESRCH");
	});

	it("may be done twice", async () => {
		const lab = await createLab();
		await lab.tearDown();
		await lab.tearDown();
		expect(ownNamespaces()).toEqual([]);
	});

	it("is made up for by the next run when a run was killed", async () => {
		const owner = spawn("sleep", ["60"]);
		const name = `tunlab${owner.pid}-1c`;
		const helper = await createNamespace("h");
		await helper.run(["ip", "netns", "add", name]);
		expect(await removeStaleNamespaces()).not.toContain(name);
		owner.kill("SIGKILL");
		await waitUntil(
			() => owner.exitCode !== null || owner.signalCode !== null,
			{
				what: "the owner's end",
				deadlineMs: 2_000,
			},
		);
		expect(await removeStaleNamespaces()).toContain(name);
		await helper.remove();
	});
});

describe("residue", () => {
	const PLANTED: readonly (readonly [what: string, script: string])[] = [
		["addresses", "ip addr add 198.18.99.1/32 dev lo"],
		["IPv4 routes", "ip route add 198.18.99.0/24 dev eth0"],
		["IPv6 routes", "ip -6 route add 2001:db8:99::/64 dev eth0"],
		["IPv4 rules", "ip rule add fwmark 9 lookup 99"],
		["nft ruleset", "nft add table inet left_behind"],
		["sysctls", "sysctl -qw net.ipv4.conf.eth0.forwarding=1"],
		["sysctls", "sysctl -qw net.ipv6.conf.eth0.accept_ra=2"],
		["links", "ip link add left0 type veth peer name left1"],
	];

	it.each(PLANTED)("notices planted %s: %s", async (kind, script) => {
		await withLab({}, async ({ client }) => {
			const before = await snapshotHost(client.namespace);
			expect(
				residueBetween(before, await snapshotHost(client.namespace)),
			).toEqual([]);
			await client.namespace.run(["sh", "-c", script]);
			const found = residueBetween(
				before,
				await snapshotHost(client.namespace),
			);
			expect(found.some((line) => line.startsWith(`${kind}: `))).toBe(true);
		});
	});

	it("notices a process that still runs", async () => {
		await withLab({}, async ({ client }) => {
			const before = await snapshotHost(client.namespace);
			startInNamespace(client.namespace, { argv: ["sleep", "60"] });
			const after = await snapshotHost(client.namespace);
			expect(residueBetween(before, after)).toEqual([
				expect.stringMatching(/^processes: left behind/),
			]);
		});
	});
});

describe("links", () => {
	it.each([1280, 1500, 9000])(
		"have the wanted MTU %d",
		async (linkMtuBytes) => {
			await withLab({ linkMtuBytes }, async ({ client, server }) => {
				for (const { namespace } of [client, server])
					expect(await namespace.run(["ip", "link", "show", "eth0"])).toContain(
						`mtu ${linkMtuBytes} `,
					);
			});
		},
	);

	it("finish checksums before the wire in profile bare", async () => {
		await withLab({ linkProfile: "bare" }, async ({ client }) => {
			const settings = await client.namespace.run(["ethtool", "-k", "eth0"]);
			expect(settings).toMatch(/^tx-checksumming: off/m);
			expect(settings).toMatch(/^tcp-segmentation-offload: off/m);
		});
	});
});

/** Plain UDP across the router, which does this to it. */
async function sendThrough(lab: Lab, rule: string): Promise<Verdict> {
	await lab.router?.nft(`table inet enemy {
	chain forward {
		type filter hook forward priority 0;
		udp dport 9000 ${rule}
	}
}`);
	const target = {
		family: 4,
		address: lab.server.address4,
		port: 9000,
	} as const;
	const outcome = await runTraffic({
		opener: { host: lab.client, ...target },
		answerer: { host: lab.server, ...target },
		sizes: { kind: "fixed", bytes: 200 },
		up: { count: DATAGRAMS, rate: 5_000, unit: "datagrams" },
	});
	if (outcome.up === null) throw new Error("no verdict");
	measured(rule, describeVerdict(outcome.up));
	return outcome.up;
}

const DATAGRAMS = 2_000;

describe("verifier", () => {
	it("finds nothing wrong on a clean path", async () => {
		await withLab({ shape: "with-router" }, async (lab) => {
			const verdict = await sendThrough(lab, "counter");
			expect(verdict).toMatchObject({
				received: DATAGRAMS,
				lost: 0,
				corrupted: 0,
				duplicates: 0,
				reordered: 0,
			});
		});
	});

	it("counts exactly what the router drops", async () => {
		await withLab({ shape: "with-router" }, async (lab) => {
			const verdict = await sendThrough(lab, "numgen inc mod 10 == 0 drop");
			expect(verdict).toMatchObject({ lost: DATAGRAMS / 10, corrupted: 0 });
		});
	});

	it("sees one changed byte behind a right checksum", async () => {
		await withLab({ shape: "with-router" }, async (lab) => {
			// nft repairs the UDP checksum, so only the content can tell. One in 256 has that byte already.
			const verdict = await sendThrough(
				lab,
				"numgen inc mod 10 == 0 @th,800,8 set 0x5a",
			);
			expect(verdict.corrupted).toBeGreaterThan(DATAGRAMS / 10 - 10);
			expect(verdict.received + verdict.corrupted).toBe(DATAGRAMS);
		});
	});
});
