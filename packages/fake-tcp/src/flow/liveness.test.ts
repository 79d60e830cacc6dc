import { describe, expect, it } from "vitest";
import { Flow } from "./flow.js";
import {
	doubt,
	judgeLiveness,
	LIVENESS,
	MAX_PROBES,
	noteProbed,
	probeReachBytes,
} from "./liveness.js";

function openFlow(heardMs: number): Flow {
	const flow = new Flow(0);
	flow.state = "ESTABLISHED";
	flow.lastAnswerMs = heardMs;
	flow.lastDataMs = heardMs;
	return flow;
}

/** Ticks from one time to another. @returns when each probe was due, and when the flow was given up. */
function watch(
	flow: Flow,
	fromMs: number,
	toMs: number,
	act: (nowMs: number) => void = () => {},
): { readonly probesMs: number[]; deadMs: number } {
	const seen = { probesMs: [] as number[], deadMs: 0 };
	for (let nowMs = fromMs; nowMs <= toMs && seen.deadMs === 0; nowMs += 100) {
		act(nowMs);
		const verdict = judgeLiveness(flow, nowMs);
		if (verdict === LIVENESS.dead) seen.deadMs = nowMs;
		if (verdict !== LIVENESS.probe) continue;
		seen.probesMs.push(nowMs);
		noteProbed(flow, nowMs);
	}
	return seen;
}

const sending = (flow: Flow) => (nowMs: number) => {
	flow.lastDataMs = nowMs;
};

describe("liveness", () => {
	it("asks six times, a second apart, and knows within ten seconds", () => {
		const flow = openFlow(1_000);
		const { probesMs, deadMs } = watch(flow, 1_100, 30_000, sending(flow));
		expect(probesMs).toEqual([3_600, 4_600, 5_600, 6_600, 7_600, 8_600]);
		expect(deadMs).toBe(9_600);
		expect(deadMs - 1_100).toBeLessThanOrEqual(10_000);
	});

	it("asks nothing of an idle flow, however long", () => {
		const flow = openFlow(1_000);
		expect(watch(flow, 1_000, 600_000)).toEqual({ probesMs: [], deadMs: 0 });
	});

	it("asks once about one datagram that nobody answers, and no more when the probe is", () => {
		const flow = openFlow(1_000);
		flow.lastDataMs = 1_500;
		const seen = watch(flow, 1_500, 60_000, (nowMs) => {
			if (nowMs === 4_100) flow.lastAnswerMs = nowMs;
		});
		expect(seen).toEqual({ probesMs: [4_000], deadMs: 0 });
	});

	it("takes any sign of life for an answer, also on the last probe", () => {
		const flow = openFlow(1_000);
		watch(flow, 1_100, 9_500, sending(flow));
		expect(flow.probesUnanswered).toBe(MAX_PROBES);
		flow.lastAnswerMs = 9_550;
		expect(judgeLiveness(flow, 9_600)).toBe(LIVENESS.fine);
		expect(flow.probesUnanswered).toBe(0);
	});

	it("asks no more once the flow is taken for silent, and says when it is back", () => {
		const flow = openFlow(1_000);
		watch(flow, 1_100, 30_000, sending(flow));
		flow.isSilent = true;
		expect(watch(flow, 10_000, 60_000, sending(flow)).probesMs).toEqual([]);
		flow.lastAnswerMs = 60_100;
		expect(judgeLiveness(flow, 60_100)).toBe(LIVENESS.back);
		expect(judgeLiveness(flow, 60_200)).toBe(LIVENESS.fine);
	});

	it("gives a peer that is doubted three probes at once, though nothing was sent", () => {
		const flow = openFlow(1_000);
		doubt(flow, 20_000);
		const { probesMs, deadMs } = watch(flow, 20_000, 60_000);
		expect(probesMs).toEqual([20_000, 21_000, 22_000]);
		expect(deadMs).toBe(23_000);
	});

	it("waits ever longer for a peer that opens flows and answers no probes", () => {
		const waits = [0, 1, 2, 6, 60].map((vainRenewals) => {
			const flow = openFlow(1_000);
			flow.vainRenewals = vainRenewals;
			return watch(flow, 1_100, 1_000_000, sending(flow)).deadMs - 1_100;
		});
		expect(waits).toEqual([8_500, 18_500, 28_500, 328_500, 328_500]);
	});

	it("reaches back further with each probe, and never much before the flow's beginning", () => {
		const flow = openFlow(0);
		flow.iss = -5;
		flow.lastAckReceived = 40_000;
		const reaches = [0, 1, 2, 3].map((probes) => {
			flow.probesUnanswered = probes;
			return probeReachBytes(flow);
		});
		expect(reaches).toEqual([1, 2 + 32_768, 3 + 40_004, 4 + 40_004]);
	});
});
