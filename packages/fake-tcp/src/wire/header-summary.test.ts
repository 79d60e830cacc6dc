import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { EngineHost, fromHex } from "../testing/index.js";
import { summariseHeaders } from "./header-summary.js";

/** The SYN of a client's first flow. */
function syn(family: 4 | 6): Uint8Array {
	const host = new EngineHost({ role: "client" });
	host.open(0, family);
	const [packet] = host.takeSent();
	if (packet === undefined) throw new Error("no SYN was sent");
	return packet.bytes;
}

const SYN_TCP = {
	destinationPort: 4_567,
	sequence: 0,
	acknowledgement: 0,
	controlBits: "SYN",
	window: 65_535,
	payloadBytes: 0,
};

describe("a summary of headers", () => {
	it.each([4, 6] as const)("reads what the engine wrote, IPv%i", (family) => {
		const bytes = syn(family);
		const summary = summariseHeaders(bytes);
		expect(summary).toMatchObject({
			family,
			ipHeaderBytes: family === 4 ? 20 : 40,
			totalBytes: bytes.length,
			hopLimit: 64,
			protocol: 6,
			fragment: null,
			tcp: SYN_TCP,
			icmp: null,
		});
		expect(summary?.source).toContain(family === 4 ? "." : ":");
	});

	it("has no TCP part once the packet is cut off within it, and none at all within the IP header", () => {
		const bytes = syn(4);
		expect(summariseHeaders(bytes.subarray(0, 40))?.tcp).toMatchObject(SYN_TCP);
		expect(summariseHeaders(bytes.subarray(0, 39))).toMatchObject({
			protocol: 6,
			tcp: null,
		});
		expect(summariseHeaders(bytes.subarray(0, 19))).toBeNull();
		expect(summariseHeaders(syn(6).subarray(0, 39))).toBeNull();
	});

	it("names the bits of a christmas tree, and lengths that cannot be", () => {
		const bytes = Uint8Array.from(syn(4));
		bytes[20 + 12] = 0x10;
		bytes[20 + 13] = 0xff;
		bytes[3] = 21;
		expect(summariseHeaders(bytes)?.tcp).toMatchObject({
			headerBytes: 4,
			controlBits: "FIN|SYN|RST|PSH|ACK|URG|ECE|CWR",
			payloadBytes: 0,
		});
	});

	it("says which piece a fragment is, in both families", () => {
		const later = Uint8Array.from(syn(4));
		later.set([0x12, 0x34, 0x20, 0x03], 4);
		expect(summariseHeaders(later)).toMatchObject({
			fragment: { identification: 0x1234, offsetBytes: 24, hasMore: true },
			tcp: null,
		});
		const whole = syn(6);
		const first = new Uint8Array(whole.length + 8);
		first.set(whole.subarray(0, 40));
		first.set(fromHex("0600000100abcdef"), 40);
		first.set(whole.subarray(40), 48);
		first[6] = 44;
		expect(summariseHeaders(first)).toMatchObject({
			ipHeaderBytes: 48,
			protocol: 6,
			fragment: { identification: 0x00abcdef, offsetBytes: 0, hasMore: true },
			tcp: SYN_TCP,
		});
	});

	it("reads type and code of an ICMP message", () => {
		const bytes = Uint8Array.from(syn(4));
		bytes[9] = 1;
		bytes.set([3, 13], 20);
		expect(summariseHeaders(bytes)).toMatchObject({
			tcp: null,
			icmp: { type: 3, code: 13 },
		});
	});

	it("never throws, whatever the octets are", () => {
		fc.assert(
			fc.property(
				fc.uint8Array({ maxLength: 300 }),
				fc.constantFrom(0x40, 0x45, 0x4f, 0x60, 0x00),
				fc.constantFrom(0, 1, 6, 43, 44, 58, 60),
				(bytes, version, protocol) => {
					if (bytes.length > 9) {
						bytes[0] = version;
						bytes[version === 0x60 ? 6 : 9] = protocol;
					}
					const summary = summariseHeaders(bytes);
					if (summary?.tcp)
						expect(bytes.length).toBeGreaterThanOrEqual(
							summary.ipHeaderBytes + 20,
						);
				},
			),
			{ numRuns: 5_000 },
		);
	});
});
