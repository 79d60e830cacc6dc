import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { checksumAdd, checksumFinish, checksumHolds } from "./checksum.js";
import {
	controlKind,
	controlValue,
	isControlWindow,
	linkMtuWindow,
} from "./control-window.js";
import { formatIpAddress, parseIpAddress } from "./ip-address.js";
import {
	sequenceAdd,
	sequenceDistance,
	sequenceLess,
	sequenceToUnsigned,
} from "./sequence.js";

describe("sequence numbers", () => {
	it("wrap: each comes before the next, wherever it is on the circle", () => {
		fc.assert(
			fc.property(
				fc.integer(),
				fc.integer({ min: 1, max: 0x7fff_ffff }),
				(sequence, octets) => {
					const later = sequenceAdd(sequence, octets);
					expect(sequenceLess(sequence, later)).toBe(true);
					expect(sequenceLess(later, sequence)).toBe(false);
					expect(sequenceDistance(sequence, later)).toBe(octets);
				},
			),
		);
		expect(sequenceToUnsigned(sequenceAdd(-1, 0))).toBe(0xffff_ffff);
		expect(sequenceAdd(-1, 1)).toBe(0);
	});
});

describe("the Internet checksum", () => {
	it("is RFC 1071's for its own example", () => {
		const bytes = Uint8Array.of(0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7);
		expect(
			checksumFinish(checksumAdd(new DataView(bytes.buffer), 0, 8, 0)),
		).toBe(0x220d);
	});

	it("holds once it is in place, also over odd lengths and 64 KiB of ones", () => {
		fc.assert(
			fc.property(fc.uint8Array({ minLength: 4, maxLength: 99 }), (bytes) => {
				const view = new DataView(bytes.buffer);
				view.setUint16(2, 0);
				view.setUint16(
					2,
					checksumFinish(checksumAdd(view, 0, bytes.length, 0)),
				);
				expect(checksumHolds(view, 0, bytes.length, 0)).toBe(true);
			}),
		);
		const ones = new Uint8Array(65_535).fill(255);
		expect(
			checksumAdd(new DataView(ones.buffer), 0, ones.length, 0xfffff),
		).toBeLessThan(2 ** 32);
	});
});

describe("addresses", () => {
	it.each([
		["0.0.0.0", "0.0.0.0"],
		["255.255.255.255", "255.255.255.255"],
		["192.168.200.2", "192.168.200.2"],
		["::", "::"],
		["::1", "::1"],
		["fcc8::2", "fcc8::2"],
		["2001:DB8:0:0:1:0:0:1", "2001:db8::1:0:0:1"],
		["2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"],
		["::ffff:192.0.2.1", "::ffff:c000:201"],
		["1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"],
	])("reads %s and writes %s", (literal, canonical) => {
		const address = parseIpAddress(literal);
		expect(address === null ? null : formatIpAddress(address)).toBe(canonical);
	});

	it.each([
		"",
		"1.2.3",
		"1.2.3.4.5",
		"256.1.1.1",
		"01.2.3.4",
		"1:2:3",
		":::",
		"1::2::3",
		"12345::",
		"g::",
		"1:2:3:4:5:6:7:8:9",
		"::1.2.3",
	])("refuses %j", (literal) => expect(parseIpAddress(literal)).toBeNull());

	it("come back from text as they went in", () => {
		const word = fc.oneof(fc.integer(), fc.constantFrom(0, 1, -1, 0x10000));
		fc.assert(
			fc.property(fc.tuple(word, word, word, word), (words) => {
				const text = formatIpAddress({ family: 6, words });
				expect(parseIpAddress(text)).toEqual({ family: 6, words });
			}),
		);
	});
});

describe("control windows", () => {
	it("carry a link MTU and never look plain", () => {
		for (const linkMtuBytes of [576, 1_280, 1_500, 9_000, 16_383, 65_535]) {
			const window = linkMtuWindow(linkMtuBytes);
			expect(isControlWindow(window)).toBe(true);
			expect(controlKind(window)).toBe(0);
			expect(controlValue(window)).toBe(Math.min(linkMtuBytes, 16_383));
		}
	});
});
