import { DROP, DROP_REASON_COUNT } from "@tunscope/fake-tcp";
import { describe, expect, it } from "vitest";
import {
	createCounterMemory,
	DROPS_START,
	ENGINE_COUNTERS_START,
	GAUGES,
	GAUGES_START,
	IO_COUNTERS_START,
} from "../tunnel/counter-layout.js";
import { readCounterSample, resetGauges } from "../tunnel/counter-sample.js";
import { totalsOf } from "./counter-totals.js";

describe("counter totals", () => {
	it("name every counter and every drop reason, and add the drops up", () => {
		const counters = new Float64Array(createCounterMemory());
		counters[ENGINE_COUNTERS_START] = 5;
		counters[IO_COUNTERS_START] = 6;
		counters[DROPS_START + DROP["fragment-timeout"]] = 7;
		counters[DROPS_START + DROP["tunnel-stopping"]] = 8;
		const totals = totalsOf(readCounterSample(counters, 0));
		expect(totals.engine.packetsReceived).toBe(5);
		expect(totals.io.tunReads).toBe(6);
		expect(totals.drops).toMatchObject({
			"fragment-timeout": 7,
			"tunnel-stopping": 8,
			"not-tcp": 0,
		});
		expect(Object.keys(totals.drops)).toHaveLength(DROP_REASON_COUNT);
		expect(totals.dropsTotal).toBe(15);
	});

	it("survive a worker's end, while its gauges do not", () => {
		const counters = new Float64Array(createCounterMemory()).fill(9);
		resetGauges(counters);
		const sample = readCounterSample(counters, 0);
		expect(sample.engine.packetsReceived).toBe(9);
		expect(sample.drops).toContain(9);
		expect(sample.engine.packetsHeld).toBe(0);
		expect(sample.gauges.flowsEstablished).toBe(0);
		expect(sample.gauges.lastInboundMs).toBe(-1);
		expect(counters.length).toBe(GAUGES_START + GAUGES.length);
	});
});
