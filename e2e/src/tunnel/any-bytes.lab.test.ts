// Any bytes on TUN and UDP: nothing crashes, a conversation beside it goes on, and every packet is in one counter.

import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, it } from "vitest";
import { type Lab, withLab } from "../netlab/lab.js";
import { startInNamespace } from "../netlab/lab-process.js";
import type { TunnelKind } from "../netlab/tunnel-options.js";
import { runTraffic } from "../traffic/run-traffic.js";
import { FIND_KINDS_TIMEOUT_MS, findKinds } from "./available-kinds.js";
import {
	countLogged,
	datagramsNotAccountedFor,
	finalCounters,
	packetsNotAccountedFor,
} from "./daemon-log.js";
import { measured } from "./measured.js";
import { PORTS, startTunnel, type TunnelInLab } from "./tunnel-in-lab.js";

let ours: TunnelKind;
beforeAll(async () => {
	ours = (await findKinds()).get("ours");
}, FIND_KINDS_TIMEOUT_MS);

const GARBAGE = fileURLToPath(
	new URL("../../src/tunnel/send-garbage.py", import.meta.url),
);
const PYTHON = "/usr/bin/python3";
const PACKETS = 8_000;
const LEAST_ARRIVED = 2_000;
/** reliability.md row 20: a good flow beside a storm loses at most one percentage point. */
const LEAST_SHARE = 0.99;
const TUN_PEERS = {
	client: { 4: "192.168.200.2", 6: "fcc8::2" },
	server: { 4: "192.168.201.2", 6: "fcc9::2" },
} as const;

interface Storm {
	readonly lab: Lab;
	readonly side: "client" | "server";
	readonly family: 4 | 6;
	readonly seed: number;
}

async function blow(storm: Storm): Promise<string> {
	const { lab, side, family, seed } = storm;
	const running = startInNamespace(lab[side].namespace, {
		argv: [
			PYTHON,
			GARBAGE,
			TUN_PEERS[side][family],
			...[String(PORTS.fakeTcp), String(PACKETS), String(seed)],
		],
		deadlineMs: 60_000,
	});
	const outcome = await running.ended;
	expect(outcome.code, running.stderr()).toBe(0);
	return running.stdout().trim();
}

function converse(tunnel: TunnelInLab) {
	return runTraffic({
		...tunnel.places,
		sizes: { kind: "cycle", bytes: [1200, 64, 500] },
		up: { count: 2_000, rate: 1_000, unit: "datagrams" },
		echo: true,
		maxSeconds: 20,
	});
}

async function expectSoundEnd(tunnel: TunnelInLab): Promise<void> {
	await tunnel.stop();
	for (const { process: running } of [tunnel.client, tunnel.server]) {
		expect(running.outcome()).toMatchObject({ code: 0 });
		expect(countLogged(running, "worker-ended")).toBe(0);
		const counters = finalCounters(running);
		expect(packetsNotAccountedFor(counters)).toBe(0);
		expect(datagramsNotAccountedFor(counters)).toBe(0);
	}
}

const CASES = (["client", "server"] as const).flatMap((side) =>
	([4, 6] as const).map((family) => ({ side, family })),
);

describe.each(CASES)("garbage on the $side's TUN, IPv$family", (where) => {
	it("hurts nobody and is counted", async (context) => {
		if (!existsSync(PYTHON))
			return context.skip(
				`${PYTHON} is not there, and Node has no raw sockets`,
			);
		// Without the referee, which would keep most of it away from the TUN.
		await withLab({ referee: "off" }, async (lab) => {
			const tunnel = await startTunnel(lab, {
				client: ours,
				server: ours,
				family: where.family,
			});
			const seed = Math.floor(Math.random() * 2 ** 31);
			const [conversation, sent] = await Promise.all([
				converse(tunnel),
				blow({ lab, seed, ...where }),
			]);
			await expectSoundEnd(tunnel);
			const counters = finalCounters(tunnel[where.side].process);
			const reasons = Object.entries(counters.drops).filter(([, n]) => n > 0);
			measured(
				`seed ${seed}, ${sent}`,
				`echo ${conversation.echo?.received} of 2000; ${reasons.map(([name, n]) => `${name} ${n}`).join(", ")}`,
			);
			expect(conversation.echo?.deliveredShare).toBeGreaterThanOrEqual(
				LEAST_SHARE,
			);
			expect(conversation.echo?.corrupted).toBe(0);
			expect(counters.engine.packetsReceived).toBeGreaterThan(LEAST_ARRIVED);
			expect(reasons.length).toBeGreaterThanOrEqual(5);
		});
	});
});

/** Every interesting size once, and random ones. */
function garbageSizes(limitBytes: number): number[] {
	const random = Array.from({ length: 200 }, () =>
		Math.floor(Math.random() * 2_000),
	);
	const corners = [0, 0, 1, limitBytes - 1, limitBytes];
	return [...corners, ...random.filter((size) => size <= limitBytes)];
}

async function sendFromHere(
	lab: Lab,
	sizes: readonly number[],
	family: 4 | 6,
): Promise<void> {
	const script = `
		const socket = require("node:dgram").createSocket("udp${family}");
		const sizes = ${JSON.stringify(sizes)};
		const next = () => {
			const size = sizes.shift();
			if (size === undefined) return socket.close();
			const bytes = require("node:crypto").randomBytes(size);
			socket.send(bytes, ${PORTS.client}, "${family === 4 ? "127.0.0.1" : "::1"}", () => setTimeout(next, 1));
		};
		next();`;
	await lab.client.namespace.run([process.execPath, "-e", script]);
}

describe.each([
	{ family: 4, limitBytes: 1460 },
	{ family: 6, limitBytes: 1440 },
] as const)("UDP, IPv$family", ({ family, limitBytes }) => {
	it(`packet cases 54 and 55: carries ${limitBytes} bytes, refuses more and nothing, and counts what it refused`, async () => {
		await withLab({}, async (lab) => {
			const tunnel = await startTunnel(lab, {
				client: ours,
				server: ours,
				family,
			});
			const fitting = garbageSizes(limitBytes);
			const oversize = [limitBytes + 1, 1500, 1501, 9_000, 65_507];
			await sendFromHere(lab, [...fitting, ...oversize], family);
			await expectSoundEnd(tunnel);
			const client = finalCounters(tunnel.client.process);
			expect(client.drops["oversize-datagram"]).toBe(oversize.length);
			expect(client.drops["empty-datagram"]).toBe(
				fitting.filter((size) => size === 0).length,
			);
			expect(client.engine.segmentsSent).toBe(
				fitting.filter((size) => size > 0).length,
			);
			const server = finalCounters(tunnel.server.process);
			expect(server.engine.segmentsReceived).toBe(client.engine.segmentsSent);
			expect(server.drops["oversize-datagram"]).toBe(0);
		});
	});
});
