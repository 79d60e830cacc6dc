// Another program takes the TUN down, deletes, renames, moves or re-MTUs it, or takes its addresses: noticed within a second, and mended.

import { beforeAll, describe, expect, it } from "vitest";
import { type Lab, type LabHost, withLab } from "../netlab/lab.js";
import { cpuTimeMs } from "../netlab/process-probe.js";
import type { TunnelEnd } from "../netlab/tunnel-options.js";
import { ours } from "../netlab/tunscope-tunnel.js";
import { pauseMs } from "../netlab/wait-until.js";
import { runTraffic } from "../traffic/run-traffic.js";
import { FIND_KINDS_TIMEOUT_MS, findKinds } from "../tunnel/available-kinds.js";
import { measured } from "../tunnel/measured.js";
import { startTunnel, type TunnelInLab } from "../tunnel/tunnel-in-lab.js";
import { type Conversation, startConversation } from "./conversation.js";
import { noticedAfter } from "./noticed.js";

beforeAll(async () => {
	await findKinds();
}, FIND_KINDS_TIMEOUT_MS);

/** reliability.md row 12. */
const RECOVERY_LIMIT_MS = 2_000;
const CPU_SHARE_LIMIT = 0.05;
const WATCH_MS = 2_000;
const START_LIMIT_MS = 6_000;

interface Scene {
	readonly lab: Lab;
	readonly tunnel: TunnelInLab;
	readonly end: TunnelEnd;
	readonly host: LabHost;
	readonly talk: Conversation;
}

async function withTalk(
	role: "client" | "server",
	body: (scene: Scene) => Promise<void>,
): Promise<void> {
	await withLab({ shape: "two-hosts" }, async (lab) => {
		const pairing = { client: ours, server: ours, family: 4 } as const;
		const tunnel = await startTunnel(lab, pairing);
		const talk = await startConversation(tunnel.places);
		await talk.carries(START_LIMIT_MS);
		await body({ lab, tunnel, end: tunnel[role], host: lab[role], talk });
		await talk.end();
		await tunnel.stop();
	});
}

async function cpuShareOf(end: TunnelEnd): Promise<number> {
	const before = cpuTimeMs(end.process.pid);
	const startedMs = performance.now();
	await pauseMs(WATCH_MS);
	return (
		(cpuTimeMs(end.process.pid) - before) / (performance.now() - startedMs)
	);
}

function say(what: string, noticedMs: number, carriedMs: number): void {
	measured(
		what,
		`noticed ${noticedMs.toFixed(0)} ms, carried ${carriedMs.toFixed(0)} ms after`,
	);
	expect(carriedMs).toBeLessThan(RECOVERY_LIMIT_MS);
}

describe.each(["client", "server"] as const)("the TUN of the %s", (role) => {
	it("taken down and up: no spin while down, traffic within 2 s of up", async () => {
		await withTalk(role, async ({ end, host, talk }) => {
			const { tunName } = end;
			const noticedMs = await noticedAfter(end, /"tun-lost"/, () =>
				host.namespace.ip([`link set ${tunName} down`]),
			);
			const share = await cpuShareOf(end);
			await host.namespace.ip([`link set ${tunName} up`]);
			say(`${role} down and up`, noticedMs, await talk.carries(5_000));
			measured(`${role} CPU while down`, `${(share * 100).toFixed(1)} %`);
			expect(share).toBeLessThan(CPU_SHARE_LIMIT);
		});
	});

	it("deleted: made again, traffic within 2 s", async () => {
		await withTalk(role, async ({ end, host, talk }) => {
			const noticedMs = await noticedAfter(end, /"tun-lost"/, () =>
				host.namespace.ip([`link delete ${end.tunName}`]),
			);
			say(`${role} deleted`, noticedMs, await talk.carries(5_000));
		});
	});

	it("moved to another network namespace: made again, traffic within 2 s", async () => {
		await withTalk(role, async ({ lab, end, host, talk }) => {
			const other = role === "client" ? lab.server : lab.client;
			const noticedMs = await noticedAfter(end, /"tun-lost"/, () =>
				host.namespace.ip([
					`link set ${end.tunName} netns ${other.namespace.name}`,
				]),
			);
			say(`${role} moved`, noticedMs, await talk.carries(5_000));
			const links = await other.namespace.run(["ip", "-br", "link"]);
			expect(links).not.toContain(end.tunName);
		});
	});

	it("renamed, down or up: rules follow the new name", async () => {
		await withTalk(role, async ({ end, host, talk }) => {
			const { tunName } = end;
			const noticedMs = await noticedAfter(end, /"tun-renamed"/, () =>
				host.namespace.ip([
					`link set ${tunName} down`,
					`link set ${tunName} name other0`,
					"link set other0 up",
				]),
			);
			say(`${role} renamed`, noticedMs, await talk.carries(5_000));
			const rules = await host.namespace.run(["nft", "list", "ruleset"]);
			expect(rules).toContain('"other0"');
			expect(rules).not.toContain(`"${tunName}"`);
		});
	});

	it("robbed of its addresses: they are given back", async () => {
		await withTalk(role, async ({ end, host, talk }) => {
			const { tunName } = end;
			const noticedMs = await noticedAfter(end, /had lost its address/, () =>
				host.namespace.ip([`address flush dev ${tunName}`]),
			);
			say(`${role} addresses`, noticedMs, await talk.carries(5_000));
		});
	});

	it("of another MTU: the link MTU follows on both ends, down and back", async () => {
		await withTalk(role, async ({ end, host, tunnel, talk }) => {
			await talk.end();
			const { tunName } = end;
			const arrive = async (bytes: number) => {
				const outcome = await runTraffic({
					...tunnel.places,
					sizes: { kind: "fixed", bytes },
					up: { count: 20, rate: 200, unit: "datagrams" },
					down: { count: 20, rate: 200, unit: "datagrams" },
					maxSeconds: 5,
					patienceMs: 1_000,
				});
				return [outcome.up?.received, outcome.down?.received];
			};
			expect(await arrive(1_380)).toEqual([20, 20]);
			const loweredMs = await noticedAfter(end, /was lowered to 1400/, () =>
				host.namespace.ip([`link set ${tunName} mtu 1400`]),
			);
			// 1,400 less 40 of headers.
			expect(await arrive(1_360)).toEqual([20, 20]);
			expect(await arrive(1_361)).toEqual([0, 0]);
			const backMs = await noticedAfter(end, /is back at 1500/, () =>
				host.namespace.ip([`link set ${tunName} mtu 1500`]),
			);
			expect(await arrive(1_380)).toEqual([20, 20]);
			const raisedMs = await noticedAfter(end, /was raised to 4000/, () =>
				host.namespace.ip([`link set ${tunName} mtu 4000`]),
			);
			expect(await arrive(1_460)).toEqual([20, 20]);
			measured(
				`${role} MTU`,
				`noticed lowered ${loweredMs.toFixed(0)} ms, back ${backMs.toFixed(0)} ms, raised ${raisedMs.toFixed(0)} ms`,
			);
		});
	});
});
