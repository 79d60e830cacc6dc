import { checksumAdd, checksumFold } from "@tunscope/fake-tcp";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { finishTcpChecksum } from "./finish-checksum.js";

const ADDRESSES = { 4: { start: 12, length: 8 }, 6: { start: 8, length: 32 } };

/** A segment of that family with the pseudo header's sum in its checksum field. */
function unfinished(family: 4 | 6, payload: Uint8Array): Uint8Array {
	const ipBytes = family === 4 ? 20 : 40;
	const packet = new Uint8Array(ipBytes + 20 + payload.length);
	const view = new DataView(packet.buffer);
	if (family === 4) {
		view.setUint16(0, 0x4500);
		view.setUint16(2, packet.length);
		view.setUint16(6, 0x4000);
		view.setUint8(9, 6);
		view.setUint32(12, 0xc0a8c802);
		view.setUint32(16, 0xc6336401);
	} else {
		view.setUint32(0, 0x60000000);
		view.setUint16(4, packet.length - ipBytes);
		view.setUint8(6, 6);
		packet.fill(0xfc, 8, 40);
	}
	view.setUint16(ipBytes, 4_567);
	view.setUint16(ipBytes + 12, 0x5010);
	view.setUint16(ipBytes + 16, pseudoSum(view, family));
	packet.set(payload, ipBytes + 20);
	return packet;
}

function pseudoSum(view: DataView, family: 4 | 6): number {
	const { start, length } = ADDRESSES[family];
	const tcpBytes = view.byteLength - (family === 4 ? 20 : 40);
	return checksumFold(checksumAdd(view, start, length, 6 + tcpBytes));
}

/** As a receiver does (RFC 9293 §3.1). */
function isRight(packet: Uint8Array, family: 4 | 6): boolean {
	const view = new DataView(packet.buffer, packet.byteOffset, packet.length);
	const start = family === 4 ? 20 : 40;
	const sum = checksumAdd(
		view,
		start,
		packet.length - start,
		pseudoSum(view, family),
	);
	return checksumFold(sum) === 0xffff;
}

describe.each([4, 6] as const)("an unfinished checksum, IPv%i", (family) => {
	it("becomes the right one, once", () => {
		fc.assert(
			fc.property(fc.uint8Array({ maxLength: 200 }), (payload) => {
				const packet = unfinished(family, payload);
				finishTcpChecksum(packet);
				expect(isRight(packet, family)).toBe(true);
				const again = packet.slice();
				finishTcpChecksum(again);
				expect(again).toEqual(packet);
			}),
		);
	});

	it("is left alone where it is finished already, right or wrong", () => {
		const packet = unfinished(family, Uint8Array.of(1, 2, 3));
		const view = new DataView(packet.buffer);
		view.setUint16(family === 4 ? 36 : 56, 0x1234);
		const before = packet.slice();
		finishTcpChecksum(packet);
		expect(packet).toEqual(before);
		expect(isRight(packet, family)).toBe(false);
	});
});

describe("any bytes", () => {
	it("are taken without an exception, and changed in two octets at most", () => {
		fc.assert(
			fc.property(
				fc.constantFrom(4, 6, 15),
				fc.uint8Array({ maxLength: 90 }),
				(version, noise) => {
					if (noise.length > 0) noise[0] = (version << 4) | 5;
					const packet = noise.slice();
					finishTcpChecksum(packet);
					const changed = packet.filter((octet, at) => octet !== noise[at]);
					expect(changed.length).toBeLessThanOrEqual(2);
				},
			),
		);
	});

	it("of a fragment are left alone: its checksum belongs to the whole datagram", () => {
		const packet = unfinished(4, Uint8Array.of(1, 2));
		new DataView(packet.buffer).setUint16(6, 0x2000);
		const before = packet.slice();
		finishTcpChecksum(packet);
		expect(packet).toEqual(before);
	});
});
