import { describe, expect, it } from "vitest";
import { bytesAt, FlowLedger } from "./flow-ledger.js";

const SIZE_BYTES = 100;

function record(ledger: FlowLedger, sequence: number, flow = 0): void {
	ledger.record({ flow, sequence, claimedBytes: SIZE_BYTES }, SIZE_BYTES);
}

describe("FlowLedger", () => {
	it("counts datagrams that come in order, with gaps", () => {
		const ledger = new FlowLedger({ flows: 2, sizeBytes: SIZE_BYTES });
		for (const sequence of [0, 1, 5, 6]) record(ledger, sequence);
		record(ledger, 0, 1);
		expect(ledger.arrivals()).toMatchObject({
			received: 5,
			receivedBytes: 500,
			reordered: 0,
			doubled: 0,
			flows: 2,
		});
	});

	it("counts a datagram that was overtaken once, and its double as doubled", () => {
		const ledger = new FlowLedger({ flows: 1, sizeBytes: SIZE_BYTES });
		for (const sequence of [0, 2, 1, 1, 2]) record(ledger, sequence);
		expect(ledger.arrivals()).toMatchObject({
			received: 3,
			reordered: 1,
			doubled: 2,
		});
	});

	it("remembers 1,024 sequences back and no further", () => {
		const ledger = new FlowLedger({ flows: 1, sizeBytes: SIZE_BYTES });
		record(ledger, 1_024);
		record(ledger, 1);
		record(ledger, 0);
		expect(ledger.arrivals()).toMatchObject({
			received: 2,
			reordered: 1,
			doubled: 1,
		});
	});

	it("does not count what has another size, or claims one", () => {
		const ledger = new FlowLedger({ flows: 1, sizeBytes: SIZE_BYTES });
		ledger.record({ flow: 0, sequence: 0, claimedBytes: 100 }, 99);
		ledger.record({ flow: 0, sequence: 0, claimedBytes: 104 }, 100);
		expect(ledger.arrivals()).toMatchObject({ received: 0, wrongSize: 2 });
	});

	it("takes a flow number out of range as foreign", () => {
		const ledger = new FlowLedger({ flows: 1, sizeBytes: SIZE_BYTES });
		record(ledger, 0, 1);
		record(ledger, 0, -1);
		expect(ledger.arrivals()).toMatchObject({ received: 0, foreign: 2 });
	});
});

describe("bytesAt", () => {
	const samples = { sampleMs: [100, 200, 400], sampleBytes: [0, 1_000, 3_000] };

	it.each([
		[50, 0],
		[100, 0],
		[150, 500],
		[200, 1_000],
		[300, 2_000],
		[400, 3_000],
		[500, 3_000],
	])("at %d ms gives %d bytes", (timeMs, bytes) => {
		expect(bytesAt(samples, timeMs)).toBe(bytes);
	});

	it("gives 0 when nothing was sampled", () => {
		expect(bytesAt({ sampleMs: [], sampleBytes: [] }, 1)).toBe(0);
	});
});
