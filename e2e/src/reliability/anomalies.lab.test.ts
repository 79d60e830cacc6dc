// Anomalies on the command line: odd packets on the TUN of a running tunnel become lines with code, fault and header.

import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { AnomalyLine } from "@tunscope/shared";
import { beforeAll, describe, expect, it } from "vitest";
import { type Lab, withLab } from "../netlab/lab.js";
import { startInNamespace } from "../netlab/lab-process.js";
import type { Family, TunnelKind } from "../netlab/tunnel-options.js";
import { waitUntil } from "../netlab/wait-until.js";
import { runTraffic } from "../traffic/run-traffic.js";
import { FIND_KINDS_TIMEOUT_MS, findKinds } from "../tunnel/available-kinds.js";
import { finalCounters } from "../tunnel/daemon-log.js";
import {
	PORTS,
	startTunnel,
	type TunnelInLab,
} from "../tunnel/tunnel-in-lab.js";
import { anomalyLines } from "./anomaly-lines.js";

const SEND = fileURLToPath(
	new URL("../../src/reliability/send-odd-packets.py", import.meta.url),
);
const PYTHON = "/usr/bin/python3";
const TUN_PEER = { 4: "192.168.201.2", 6: "fcc9::2" } as const;
const SOURCE = { 4: "198.18.77.1", 6: "2001:db8:77::1" } as const;
/** Reports come within 300 ms. */
const TOLD_DEADLINE_MS = 5_000;

let ours: TunnelKind;
beforeAll(async () => {
	ours = (await findKinds()).get("ours");
}, FIND_KINDS_TIMEOUT_MS);

async function sendOddPackets(
	lab: Lab,
	tunnel: TunnelInLab,
	family: Family,
): Promise<void> {
	const running = startInNamespace(lab.server.namespace, {
		argv: [
			...[PYTHON, SEND, "each", TUN_PEER[family]],
			...[String(PORTS.fakeTcp), tunnel.server.tunName],
		],
		deadlineMs: 20_000,
	});
	const outcome = await running.ended;
	expect(outcome.code, running.stderr()).toBe(0);
}

/** Code, source port, octets at fault (from the TCP header on, so that both families share the table), control bits. */
const SENT = [
	["bad-tcp-checksum", 40_001, { start: 16, length: 2 }, "ACK"],
	["unacceptable-syn", 40_002, { start: 4, length: 4 }, "SYN"],
	["bad-control-bits", 40_003, { start: 13, length: 1 }, "FIN|SYN"],
	["unknown-flow-rst", 40_004, { start: 0, length: 4 }, "RST"],
	["bad-data-offset", 40_005, { start: 12, length: 1 }, "ACK"],
] as const;

describe.each([4, 6] as const)(
	"tunscope server --anomalies, IPv%i",
	(family) => {
		it("prints one line for each kind of odd packet, and none for router solicitations", async (context) => {
			if (!existsSync(PYTHON))
				return context.skip(
					`${PYTHON} is not there, and Node has no raw sockets`,
				);
			await withLab({ referee: "off" }, async (lab) => {
				const tunnel = await startTunnel(lab, {
					client: ours,
					server: ours,
					family,
					serverArguments: ["--anomalies"],
				});
				await sendOddPackets(lab, tunnel, family);
				const server = tunnel.server.process;
				await waitUntil(() => anomalyLines(server).length >= SENT.length + 1, {
					what: "a line for each",
					deadlineMs: TOLD_DEADLINE_MS,
				});
				await tunnel.stop();
				const lines = anomalyLines(server);
				// The routers may answer our resets to nobody with ICMP errors of their own.
				const codes = lines.filter(({ group }) => group !== "icmp");
				expect(codes.map(({ code }) => code).toSorted()).toEqual(
					[...SENT.map(([code]) => code), "not-tcp"].toSorted(),
				);
				const ipHeader = family === 4 ? 20 : 40;
				for (const [code, sourcePort, fault, controlBits] of SENT) {
					const line = lineOf(lines, code);
					expect(line).toMatchObject({
						tunnel: "server_4567",
						count: 1,
						notKept: 0,
					});
					expect(line.packet, code).toMatchObject({
						fault: { start: ipHeader + fault.start, length: fault.length },
						header: {
							family,
							source: SOURCE[family],
							destination: TUN_PEER[family],
							tcp: { sourcePort, destinationPort: PORTS.fakeTcp, controlBits },
						},
					});
				}
				const { packet, text } = lineOf(lines, "bad-tcp-checksum");
				expect(packet?.lengthBytes).toBe(ipHeader + 320);
				expect(Buffer.from(packet?.start ?? "", "base64")).toHaveLength(256);
				expect(text).toMatchObject({
					language: "en",
					happened: "A segment arrived with a wrong TCP checksum.",
				});
				// They did come, and are counted.
				const { drops } = finalCounters(server);
				expect(drops["link-local-chatter"]).toBeGreaterThanOrEqual(20);
			});
		});
	},
);

describe.each([4, 6] as const)("a healthy tunnel, IPv%i", (family) => {
	it("has no anomalies from its start to its end", async () => {
		await withLab({ shape: "with-router" }, async (lab) => {
			const tunnel = await startTunnel(lab, {
				client: ours,
				server: ours,
				family,
				clientArguments: ["--anomalies"],
				serverArguments: ["--anomalies"],
			});
			const { echo } = await runTraffic({
				...tunnel.places,
				sizes: { kind: "cycle", bytes: [1_400, 64, 500] },
				flows: 20,
				up: { count: 100, rate: 2_000, unit: "datagrams" },
				echo: true,
				maxSeconds: 10,
			});
			expect(echo?.lost).toBe(0);
			await tunnel.stop();
			expect(anomalyLines(tunnel.client.process)).toEqual([]);
			// The client's end resets flows that were in use a moment ago.
			const codes = anomalyLines(tunnel.server.process).map(({ code }) => code);
			expect(codes.filter((code) => code !== "reset-by-peer")).toEqual([]);
		});
	});
});

describe("tunscope client --anomalies behind a smaller link", () => {
	it("names the path MTU, the router that says so, and the MTU to set", async () => {
		await withLab({ shape: "with-router" }, async (lab) => {
			const tunnel = await startTunnel(lab, {
				client: ours,
				server: ours,
				family: 4,
				clientArguments: ["--anomalies"],
			});
			await lab.router?.ip(["link set to-server mtu 1400"]);
			const traffic = runTraffic({
				...tunnel.places,
				sizes: { kind: "fixed", bytes: 1_460 },
				up: { count: 200, rate: 100, unit: "datagrams" },
				maxSeconds: 4,
			});
			const client = tunnel.client.process;
			const find = (code: AnomalyLine["code"]) =>
				waitUntil(
					() => anomalyLines(client).find((line) => line.code === code),
					{ what: `a line about ${code}`, deadlineMs: TOLD_DEADLINE_MS },
				);
			const lowered = await find("path-mtu-lowered");
			expect(lowered.parameters).toEqual({
				pathMtu: 1_400,
				limitBefore: 1_500,
				// What WireGuard may have inside: 1400 - 20 - 20 - 32.
				wireguardMtu: 1_328,
				reporter: lowered.packet?.header?.source,
			});
			expect(lowered.packet?.header).toMatchObject({
				protocol: 1,
				icmp: { type: 3, code: 4 },
			});
			expect(lowered.flow?.peer).toBe(
				`${lab.server.address4}:${PORTS.fakeTcp}`,
			);
			expect(lowered.text.whatToDo).toContain("MTU = 1328");
			const oversize = await find("oversize-datagram");
			expect(oversize).toMatchObject({
				packet: null,
				parameters: {
					datagramOctets: 1_460,
					limitOctets: 1_360,
					wireguardMtu: 1_328,
				},
			});
			await traffic;
			await tunnel.stop();
		});
	});
});

function lineOf(
	lines: readonly AnomalyLine[],
	code: AnomalyLine["code"],
): AnomalyLine {
	const line = lines.find((one) => one.code === code);
	if (line === undefined) throw new Error(`no line says ${code}`);
	return line;
}
