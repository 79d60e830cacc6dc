import { DROP, DROP_REASON_ROWS } from "@tunscope/fake-tcp";
import { describe, expect, it } from "vitest";
import { NO_RATES, ratesBetween } from "../observability/traffic-rates.js";
import { createCounterMemory, DROPS_START } from "../tunnel/counter-layout.js";
import { readCounterSample } from "../tunnel/counter-sample.js";
import type { FlowDescription } from "../tunnel/worker-protocol.js";
import { type LiveViewState, renderLiveView, sparkline } from "./live-view.js";

const PLAIN = { columns: 100, rows: 40, hasColour: false };

const FLOW: FlowDescription = {
	slot: 0,
	state: "ESTABLISHED",
	application: "127.0.0.1:40000",
	peer: "198.18.1.2:4567",
	localPort: 33_000,
	openedMsAgo: 5_000,
	lastInboundMsAgo: 1_200,
	segmentsSent: 10,
	segmentsReceived: 20,
	payloadBytesSent: 14_000,
	payloadBytesReceived: 28_000,
	peerLinkMtuBytes: 1_500,
	maxPayloadBytes: 1_460,
	pathMtuBytes: null,
	isTargetDown: false,
	isPeerSilent: false,
	roundTrip: null,
	inbound: null,
};

interface Change {
	readonly view?: Partial<LiveViewState>;
	readonly gauges?: Partial<LiveViewState["sample"]["gauges"]>;
	readonly engine?: Partial<LiveViewState["sample"]["engine"]>;
	readonly drops?: Readonly<Record<number, number>>;
}

function stateOf(change: Change = {}): LiveViewState {
	const counters = new Float64Array(createCounterMemory());
	for (const [reason, count] of Object.entries(change.drops ?? {})) {
		counters[DROPS_START + Number(reason)] = count;
	}
	const sample = readCounterSample(counters, 0);
	return {
		role: "client",
		listen: "127.0.0.1:51821",
		remote: "192.0.2.1:4567",
		pathFamily: 4,
		state: "running",
		tunName: "tun0",
		offloads: { checksum: true, tso4: true, tso6: true },
		rates: NO_RATES,
		history: { sent: [0, 5, 10], received: [0, 0, 0] },
		flows: [],
		uptimeMs: 192_000,
		...change.view,
		sample: {
			...sample,
			gauges: {
				...sample.gauges,
				lastInboundMs: -1,
				linkMtuBytes: 1_500,
				...change.gauges,
			},
			engine: { ...sample.engine, ...change.engine },
		},
	};
}

describe("live view", () => {
	it("shows role, both ends, uptime, TUN, offloads, link MTU and the largest payload", () => {
		const view = renderLiveView(stateOf(), PLAIN);
		expect(view).toContain("tunscope client  127.0.0.1:51821 → 192.0.2.1:4567");
		expect(view).toContain("up 3m 12s");
		expect(view).toContain("tun0, offloads: checksum, TSO4, TSO6");
		expect(view).toContain("1500 B, largest payload 1460 B");
		expect(view).toContain("nothing yet");
	});

	it("counts IPv6 headers on an IPv6 path", () => {
		const view = renderLiveView(stateOf({ view: { pathFamily: 6 } }), PLAIN);
		expect(view).toContain("largest payload 1440 B");
	});

	it("says the state in words", () => {
		const says = (change: Change) =>
			renderLiveView(stateOf(change), PLAIN).split("\n")[1];
		expect(says({})).toContain("ready, waiting for the first datagram");
		expect(says({ view: { role: "server" } })).toContain(
			"ready, waiting for clients",
		);
		expect(says({ gauges: { flowsHalfOpen: 1 } })).toContain(
			"connecting to 192.0.2.1:4567",
		);
		expect(says({ gauges: { flowsEstablished: 1 } })).toContain("connected");
		expect(
			says({ gauges: { flowsEstablished: 1, isTargetDown: 1 } }),
		).toContain("refuses datagrams");
		for (const [state, words] of [
			["starting", "starting"],
			["tun-lost", "gone or down"],
			["restarting", "starting it again"],
			["stopping", "undoing rules"],
			["stopped", "stopped"],
			["failed", "failed"],
		] as const) {
			expect(says({ view: { state } })).toContain(words);
		}
	});

	it("tells how long ago the peer was heard", () => {
		const gauges = { lastInboundMs: 1_000, nowMs: 4_400 };
		expect(renderLiveView(stateOf({ gauges }), PLAIN)).toContain("3.4s ago");
	});

	it("lists only drops that happened, the most frequent first, each with its sentence", () => {
		const oversize = DROP["oversize-datagram"];
		const empty = DROP["empty-datagram"];
		const view = renderLiveView(
			stateOf({ drops: { [empty]: 3, [oversize]: 12_345 } }),
			PLAIN,
		);
		expect(view).toContain("12,345 oversize-datagram");
		expect(view).toContain(DROP_REASON_ROWS[oversize]?.meaning);
		expect(view.indexOf("oversize-datagram")).toBeLessThan(
			view.indexOf("empty-datagram"),
		);
		expect(view).not.toContain("bad-tcp-checksum");
		expect(renderLiveView(stateOf(), PLAIN)).toContain("drops       none");
	});

	it("wraps a sentence that does not fit, so that its advice is read", () => {
		const drops = { [DROP["oversize-datagram"]]: 1 };
		const view = renderLiveView(stateOf({ drops }), { ...PLAIN, columns: 50 });
		const words = view.replaceAll(/\s+/g, " ");
		expect(words).toContain(
			DROP_REASON_ROWS[DROP["oversize-datagram"]]?.meaning,
		);
	});

	it("shows eight drop reasons and the number of the rest", () => {
		const nine = Object.fromEntries(
			Array.from({ length: 9 }, (_, reason) => [reason, 9 - reason]),
		);
		const view = renderLiveView(stateOf({ drops: nine }), PLAIN);
		expect(view).toContain(DROP_REASON_ROWS[7]?.name);
		expect(view).toContain("and 1 more reasons");
	});

	it("lists flows: the application for a client, the peer for a server", () => {
		expect(
			renderLiveView(stateOf({ view: { flows: [FLOW] } }), PLAIN),
		).toContain("127.0.0.1:40000");
		const server = renderLiveView(
			stateOf({ view: { role: "server", flows: [FLOW] } }),
			PLAIN,
		);
		expect(server).toContain("198.18.1.2:4567");
		expect(server).toContain("heard 1.2s ago");
	});

	it("never leaves the screen, at any width and height", () => {
		const drops = Object.fromEntries(
			DROP_REASON_ROWS.map((_, reason) => [reason, 1e9]),
		);
		const state = stateOf({ drops, view: { flows: [FLOW, FLOW] } });
		for (const columns of [1, 2, 20, 40, 60, 80, 120, 200]) {
			for (const rows of [1, 5, 24]) {
				const lines = renderLiveView(state, {
					columns,
					rows,
					hasColour: false,
				}).split("\n");
				expect(lines.length).toBeLessThanOrEqual(rows);
				for (const line of lines)
					expect([...line].length).toBeLessThanOrEqual(columns);
			}
		}
	});

	it("uses colour when asked to, and not one escape sequence otherwise", () => {
		expect(renderLiveView(stateOf(), { ...PLAIN, hasColour: true })).toContain(
			"\u001b[",
		);
		expect(renderLiveView(stateOf(), PLAIN)).not.toContain("\u001b");
	});

	it("leaves out what is no longer true once the tunnel has stopped", () => {
		const view = renderLiveView(
			stateOf({ view: { state: "stopped", flows: [FLOW] } }),
			PLAIN,
		);
		expect(view).not.toContain("Ctrl-C");
		expect(view).not.toContain("tun0");
	});
});

describe("sparkline", () => {
	it("gives the largest value full height and zero the lowest", () => {
		expect(sparkline([0, 50, 100])).toBe("▁▅█");
		expect(sparkline([0, 0])).toBe("▁▁");
		expect(sparkline([])).toBe("");
	});
});

describe("ratesBetween", () => {
	it("divides growth by the time between two samples", () => {
		const earlier = stateOf().sample;
		const engine = {
			payloadBytesSent: 280_000,
			segmentsSent: 200,
			trainsSent: 10,
		};
		const later = { ...stateOf({ engine }).sample, takenAtMs: 2_000 };
		expect(ratesBetween(earlier, later).sent).toEqual({
			bitsPerSecond: 1_120_000,
			datagramsPerSecond: 100,
			datagramsPerTrain: 20,
		});
		expect(ratesBetween(earlier, later).received.datagramsPerTrain).toBe(0);
	});

	it("is nothing for two samples of one moment, and never negative", () => {
		const sample = stateOf({ engine: { segmentsSent: 5 } }).sample;
		expect(ratesBetween(sample, sample)).toEqual(NO_RATES);
		const fewer = { ...stateOf().sample, takenAtMs: 1_000 };
		expect(ratesBetween(sample, fewer).sent.datagramsPerSecond).toBe(0);
	});
});
