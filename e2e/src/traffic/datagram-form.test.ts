import { describe, expect, it } from "vitest";
import {
	type DatagramReading,
	FULL_FORM_BYTES,
	isReducedForm,
	readDatagram,
	STREAM,
	writeDatagram,
} from "./datagram-form.js";

const identity = { stream: STREAM.up, flow: 7, sequence: 2 ** 33 + 5, size: 0 };

function emit(size: number): Buffer {
	const bytes = Buffer.alloc(size);
	writeDatagram(bytes, 0, { ...identity, size });
	return bytes;
}

function reading(): DatagramReading {
	return { stream: 0, flow: 0, sequence: 0, size: 0, sentUs: 0 };
}

describe("test datagram", () => {
	it("reads back what was written, from the smallest full form to the largest datagram", () => {
		for (const size of [FULL_FORM_BYTES, 25, 1460, 65_507]) {
			const got = reading();
			expect(readDatagram(emit(size), got)).toBe(true);
			expect(got).toMatchObject({ ...identity, size });
		}
	});

	it("notices every single changed bit of a small full form", () => {
		const bytes = emit(40);
		for (let bit = 0; bit < 320; bit += 1) {
			const damaged = Buffer.from(bytes);
			damaged[bit >> 3] = (damaged[bit >> 3] ?? 0) ^ (1 << (bit & 7));
			expect(readDatagram(damaged, reading()), `bit ${bit}`).toBe(false);
		}
	});

	it("notices a missing and an extra byte", () => {
		const bytes = emit(100);
		expect(readDatagram(bytes.subarray(0, 99), reading())).toBe(false);
		expect(
			readDatagram(Buffer.concat([bytes, Buffer.alloc(1)]), reading()),
		).toBe(false);
	});

	it("determines every byte under the header size by flow, sequence and size", () => {
		for (let size = 1; size < FULL_FORM_BYTES; size += 1) {
			const bytes = emit(size);
			expect(isReducedForm(bytes, { ...identity, size })).toBe(true);
			bytes[size - 1] = (bytes[size - 1] ?? 0) ^ 1;
			expect(isReducedForm(bytes, { ...identity, size })).toBe(false);
		}
	});
});
