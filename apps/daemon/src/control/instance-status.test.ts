import {
	DROP_REASON_ROWS,
	ENGINE_COUNTER,
	ENGINE_COUNTERS,
} from "@tunscope/fake-tcp";
import {
	instanceDescriptionSchema,
	TUN_ADDRESS_DEFAULTS,
	TUNNEL_DEFAULTS,
	type TunnelConfig,
} from "@tunscope/shared";
import { describe, expect, it } from "vitest";
import type {
	ManagedState,
	TunnelObserver,
} from "../instance/managed-tunnel.js";
import { createCounterMemory } from "../tunnel/counter-layout.js";
import { readCounterSample, resetGauges } from "../tunnel/counter-sample.js";
import { TunnelCounters } from "../tunnel/tunnel-counters.js";
import type { FlowDescription } from "../tunnel/worker-protocol.js";
import { InstanceStatus } from "./instance-status.js";
import type { DescribedTunnel } from "./tunnel-status.js";

const CONFIG: TunnelConfig = {
	name: "wg_2",
	role: "client",
	listen: { address: "::1", port: 51_821 },
	remote: { host: "vpn.example.net", port: 4_567 },
	tun: { name: "", ...TUN_ADDRESS_DEFAULTS.client },
	ipv4Only: false,
	interfaces: [],
	...TUNNEL_DEFAULTS,
};

const FLOW: FlowDescription = {
	slot: 0,
	state: "ESTABLISHED",
	application: "127.0.0.1:5",
	peer: "[2001:db8::2]:4567",
	localPort: 40_000,
	openedMsAgo: 10,
	lastInboundMsAgo: 5,
	segmentsSent: 1,
	segmentsReceived: 1,
	payloadBytesSent: 1,
	payloadBytesReceived: 1,
	peerLinkMtuBytes: 1_420,
	maxPayloadBytes: 1_360,
	pathMtuBytes: null,
	isTargetDown: false,
	isPeerSilent: false,
	roundTrip: null,
	inbound: null,
};

const DEAF: TunnelObserver = {
	onEvent: () => undefined,
	onPrepared: () => undefined,
	onFinished: () => undefined,
};

/** A tunnel by hand: counters, flows and state are the test's. */
function tunnelByHand(config: TunnelConfig = CONFIG) {
	const memory = createCounterMemory();
	const counters = new Float64Array(memory);
	resetGauges(counters);
	const by = {
		counters: new TunnelCounters(memory),
		state: "running" as ManagedState,
		flows: [FLOW] as readonly FlowDescription[],
		listed: 0,
		hasWorker: true,
	};
	const sample = (nowMs: number) =>
		by.hasWorker ? readCounterSample(counters, nowMs) : null;
	const tunnel: DescribedTunnel & { name: string } = {
		name: "wg",
		sample,
		listFlows: async () => {
			by.listed += 1;
			return by.flows;
		},
		describe: (nowMs) => ({
			name: "wg",
			config,
			state: by.state,
			inStateMs: nowMs - 1_000,
			remotes: [
				{ family: 4, address: "192.0.2.1", port: 4_567 },
				{ family: 6, address: "2001:db8::2", port: 4_567 },
			],
			tunName: by.hasWorker ? "tun0" : "",
			failure: null,
			retryInMs: null,
			sample: sample(nowMs),
		}),
	};
	return { ...by, by, tunnel };
}

function statusOf(...tunnels: readonly (DescribedTunnel & { name: string })[]) {
	const clock = { nowMs: 1_000 };
	const status = new InstanceStatus({
		listTunnels: () => tunnels,
		version: "1.2.3",
		pid: 7,
		clock: {
			monotonicMs: () => clock.nowMs,
			wallMs: () => Date.UTC(2026, 0, 1) + clock.nowMs,
		},
	});
	return { status, clock };
}

describe("status of an instance", () => {
	it("is what the contract says, with everything an operator asks first", async () => {
		const { by, tunnel } = tunnelByHand();
		const { status, clock } = statusOf(tunnel);
		const observer = status.follow("wg", DEAF);
		observer.onEvent({
			kind: "tun-opened",
			tunName: "tun0",
			interfaceIndex: 3,
			offloads: { checksum: true, tso4: true, tso6: true },
		});
		observer.onEvent({ kind: "running" });
		const { counters } = by;
		counters.gauge("flowsEstablished", 2);
		counters.gauge("flowsHalfOpen", 1);
		counters.gauge("heldFragmentBytes", 1_536);
		counters.engine[ENGINE_COUNTER.packetsHeld] = 2;
		counters.gauge("linkMtuBytes", 1_500);
		counters.gauge("nowMs", 900);
		counters.gauge("lastInboundMs", 650);
		counters.drop(2, 3);
		counters.drop(5, 4);
		clock.nowMs = 3_000;
		const description = await status.describe();
		expect(instanceDescriptionSchema.parse(description)).toEqual(description);
		expect(description).toMatchObject({ pid: 7, uptimeMs: 2_000 });
		expect(description.tunnels).toEqual([
			{
				name: "wg_2",
				role: "client",
				state: "running",
				stateInWords: "connected",
				health: "good",
				stateSince: "2026-01-01T00:00:01.000Z",
				inStateForMs: 2_000,
				listen: "[::1]:51821",
				remote: {
					configured: "vpn.example.net:4567",
					addresses: ["192.0.2.1:4567", "[2001:db8::2]:4567"],
					inUse: "[2001:db8::2]:4567",
				},
				tun: { name: "tun0", ...TUN_ADDRESS_DEFAULTS.client },
				linkMtu: { oursBytes: 1_500, peersBytes: 1_420 },
				maxPayloadBytes: 1_360,
				flows: { established: 2, halfOpen: 1 },
				heldFragmentBytes: 1_536,
				path: {
					roundTrip: null,
					inbound: null,
					mtuBytes: null,
					silentFlows: 0,
				},
				lastInboundMsAgo: 250,
				rates: {
					sent: { bitsPerSecond: 0, datagramsPerSecond: 0 },
					received: { bitsPerSecond: 0, datagramsPerSecond: 0 },
				},
				totals: {
					sent: { datagrams: 0, payloadBytes: 0 },
					received: { datagrams: 0, payloadBytes: 0 },
				},
				packets: {
					read: 0,
					delivered: 0,
					consumed: 0,
					evidence: 0,
					reassembled: 0,
					dropped: 7,
					waiting: 2,
				},
				drops: [
					{
						reason: DROP_REASON_ROWS[5]?.name,
						count: 4,
						meaning: DROP_REASON_ROWS[5]?.meaning,
					},
					{
						reason: DROP_REASON_ROWS[2]?.name,
						count: 3,
						meaning: DROP_REASON_ROWS[2]?.meaning,
					},
				],
				hostSetup: { mode: "auto", state: "in-place" },
				lastNotice: null,
			},
		]);
	});

	it("keeps to the contract before there is a worker, and says so", async () => {
		const { by, tunnel } = tunnelByHand();
		by.hasWorker = false;
		by.flows = [];
		by.state = "waiting";
		const { status, clock } = statusOf(tunnel);
		clock.nowMs = 1_500;
		const description = await status.describe();
		expect(instanceDescriptionSchema.parse(description)).toEqual(description);
		expect(description.tunnels[0]).toMatchObject({
			state: "waiting",
			stateInWords: "could not start: waiting to try again",
			remote: { inUse: null },
			tun: { name: null },
			linkMtu: { oursBytes: null, peersBytes: null },
			maxPayloadBytes: null,
			lastInboundMsAgo: null,
			hostSetup: { state: "not-yet" },
		});
	});

	it("gives the traffic of the last one to two seconds, not of earlier ones", async () => {
		const { by, tunnel } = tunnelByHand();
		const { status, clock } = statusOf(tunnel);
		status.follow("wg", DEAF);
		const carry = (datagrams: number) => {
			for (const [name, growth] of [
				["segmentsSent", datagrams],
				["payloadBytesSent", datagrams * 100],
			] as const)
				addToEngine(by.counters, name, growth);
		};
		const rates = async () => (await status.describe()).tunnels[0]?.rates.sent;
		status.tick();
		carry(5_000);
		clock.nowMs = 2_000;
		status.tick();
		carry(10);
		clock.nowMs = 3_000;
		status.tick();
		expect(await rates()).toEqual({
			bitsPerSecond: 8_000,
			datagramsPerSecond: 10,
		});
		clock.nowMs = 3_500;
		carry(20);
		expect(await rates()).toEqual({
			bitsPerSecond: 16_000,
			datagramsPerSecond: 20,
		});
		for (const nowMs of [4_000, 5_000, 6_000]) {
			clock.nowMs = nowMs;
			status.tick();
		}
		expect(await rates()).toEqual({ bitsPerSecond: 0, datagramsPerSecond: 0 });
	});

	it("remembers the last warning and its age, of events and of the host", async () => {
		const { tunnel } = tunnelByHand();
		const { status, clock } = statusOf(tunnel);
		const observer = status.follow("wg", DEAF);
		const last = async () => (await status.describe()).tunnels[0]?.lastNotice;
		observer.onEvent({ kind: "tun-restored" });
		expect(await last()).toBeNull();
		observer.onEvent({ kind: "tun-lost", cause: "deleted" });
		clock.nowMs += 500;
		expect(await last()).toEqual({
			level: "warn",
			text: "the TUN was deleted by somebody",
			msAgo: 500,
		});
		observer.onEvent({
			kind: "worker-ended",
			error: new Error("oops"),
			failure: null,
			restartInMs: 5,
		});
		expect(await last()).toMatchObject({ level: "error", msAgo: 0 });
		status.notice("wg", "A setting was left alone.");
		expect(await last()).toMatchObject({
			level: "warn",
			text: "A setting was left alone.",
		});
		status.notice("nobody", "is not followed");
	});

	it("says what is left to the operator, and what was undone", async () => {
		const off = tunnelByHand({ ...CONFIG, hostSetup: "off", ipv4Only: true });
		const auto = tunnelByHand();
		const { status } = statusOf(
			{ ...off.tunnel, name: "off" },
			{ ...auto.tunnel, name: "auto" },
		);
		for (const name of ["off", "auto"])
			await status
				.follow(name, DEAF)
				.onFinished(readCounterSample(new Float64Array(), 0));
		const { tunnels } = await status.describe();
		expect(tunnels.map(({ hostSetup }) => hostSetup.state)).toEqual([
			"left-to-operator",
			"undone",
		]);
		expect(tunnels[0]?.tun).toMatchObject({ local6: null, peer6: null });
	});

	it("names the address whose flow was heard last", async () => {
		const { by, tunnel } = tunnelByHand();
		const { status } = statusOf(tunnel);
		const inUse = async () =>
			(await status.describe()).tunnels[0]?.remote.inUse;
		const flow = (peer: string, lastInboundMsAgo: number) => ({
			...FLOW,
			peer,
			lastInboundMsAgo,
		});
		by.flows = [flow("a:1", 900), flow("b:1", 20), flow("c:1", -1)];
		expect(await inUse()).toBe("b:1");
		by.flows = [{ ...flow("a:1", 5), state: "SYN-SENT" }];
		expect(await inUse()).toBeNull();
	});

	it("hands everything on to the display", async () => {
		const { tunnel } = tunnelByHand();
		const { status } = statusOf(tunnel);
		const heard: string[] = [];
		const observer = status.follow("wg", {
			onEvent: ({ kind }) => void heard.push(kind),
			onPrepared: () => void heard.push("prepared"),
			onFinished: () => void heard.push("finished"),
		});
		observer.onEvent({ kind: "running" });
		await observer.onFinished(readCounterSample(new Float64Array(), 0));
		expect(heard).toEqual(["running", "finished"]);
	});

	it("asks the worker once, however many ask at once", async () => {
		const { by, tunnel } = tunnelByHand();
		const { status } = statusOf(tunnel);
		const answers = await Promise.all(
			Array.from({ length: 50 }, () => status.describe()),
		);
		expect(by.listed).toBe(1);
		expect(new Set(answers).size).toBe(1);
		await status.describe();
		expect(by.listed).toBe(2);
	});
});

function addToEngine(
	counters: TunnelCounters,
	name: (typeof ENGINE_COUNTERS)[number],
	by: number,
): void {
	const place = ENGINE_COUNTERS.indexOf(name);
	counters.engine[place] = (counters.engine[place] ?? 0) + by;
}
