import { describe, expect, it } from "vitest";
import { STREAM, writeDatagram } from "./datagram-form.js";
import { DeliveryLedger } from "./delivery-ledger.js";
import { type SizePlan, sizeOfDatagram } from "./size-plan.js";

const sizes: SizePlan = { kind: "sweep", from: 1, to: 60, repeat: 1 };

function datagram(sequence: number): Buffer {
	const size = sizeOfDatagram(sizes, sequence);
	const bytes = Buffer.alloc(size);
	writeDatagram(bytes, 0, { stream: STREAM.up, flow: 0, sequence, size });
	return bytes;
}

function ledgerAfter(sequences: readonly number[]) {
	const ledger = new DeliveryLedger({ stream: STREAM.up, flow: 0, sizes });
	for (const sequence of sequences) ledger.record(datagram(sequence));
	return ledger;
}

const upTo = (count: number) => Array.from({ length: count }, (_, n) => n);

describe("delivery ledger", () => {
	it("finds nothing wrong when everything came in order", () => {
		expect(ledgerAfter(upTo(600)).tally()).toMatchObject({
			received: 600,
			duplicates: 0,
			reordered: 0,
			corrupted: 0,
			gaps: [],
		});
	});

	it("names what is missing, with and without a header", () => {
		const kept = upTo(120).filter((n) => n !== 4 && n !== 50);
		expect(ledgerAfter(kept).tally()).toMatchObject({
			received: 118,
			corrupted: 0,
			gaps: [4, 50],
		});
	});

	it("tells a late datagram from one that came twice", () => {
		const tally = ledgerAfter([0, 1, 2, 50, 51, 30, 51]).tally();
		expect(tally).toMatchObject({ reordered: 1, duplicates: 1, received: 6 });
	});

	it("counts a changed, a truncated and a foreign datagram as corrupted", () => {
		const ledger = ledgerAfter(upTo(30));
		const changed = datagram(40);
		changed[30] = (changed[30] ?? 0) ^ 0x10;
		ledger.record(changed);
		ledger.record(datagram(45).subarray(0, 40));
		ledger.record(Buffer.from("hello"));
		expect(ledger.tally()).toMatchObject({ corrupted: 3, received: 30 });
	});
});
