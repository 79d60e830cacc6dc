// Endpoint words against Node's own idea of addresses.

import { SocketAddress as NodeAddress } from "node:net";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
	endpointWords,
	localAddressText,
	remoteAddress,
	writeLocalAddress,
} from "./endpoint-words.js";
import { ENDPOINT_WORDS } from "./udp-socket.js";

const port = fc.nat(65_535);

describe("endpoint words", () => {
	it("lay an IPv4 endpoint out as documented", () => {
		const words = endpointWords({
			family: 4,
			address: "192.0.2.1",
			port: 65_535,
		});
		expect(words).toHaveLength(ENDPOINT_WORDS);
		expect((words[0] ?? 0) >>> 0).toBe(0xffff_0004);
		const bytes = new Uint8Array(words.buffer);
		expect([...bytes.subarray(8, 12)]).toEqual([192, 0, 2, 1]);
	});

	for (const [text, canonical] of [
		["::", "::"],
		["::1", "::1"],
		["2001:DB8::", "2001:db8::"],
		["2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"],
		["2001:0:0:1:0:0:0:1", "2001:0:0:1::1"],
		["0:0:1:0:0:0:0:0", "0:0:1::"],
		["64:ff9b::192.0.2.33", "64:ff9b::c000:221"],
	] as const) {
		it(`reads and writes ${text}`, () => {
			const words = endpointWords({ family: 6, address: text, port: 1 });
			expect(remoteAddress(words, 0).address).toBe(canonical);
		});
	}

	it("come back as they went in, for any IPv6 address", () => {
		fc.assert(
			fc.property(fc.ipV6(), port, (text, number) => {
				const words = endpointWords({ family: 6, address: text, port: number });
				const back = remoteAddress(words, 0);
				expect(back.port).toBe(number);
				const parsed = (address: string) =>
					new NodeAddress({ address, family: "ipv6" }).address;
				expect(parsed(back.address)).toBe(parsed(text));
				const again = endpointWords(back);
				expect(again).toEqual(words);
			}),
		);
	});

	it("come back as they went in, for any IPv4 address", () => {
		fc.assert(
			fc.property(fc.ipV4(), port, (address, number) => {
				const endpoint = { family: 4, address, port: number } as const;
				expect(remoteAddress(endpointWords(endpoint), 0)).toEqual(endpoint);
			}),
		);
	});

	it("tell a local address only when there is one", () => {
		for (const [family, remote, local] of [
			[4, "192.0.2.1", "198.51.100.7"],
			[6, "2001:db8::1", "2001:db8::7"],
		] as const) {
			const words = new Int32Array(2 * ENDPOINT_WORDS);
			const endpoint = { family, address: remote, port: 9 };
			words.set(endpointWords(endpoint), ENDPOINT_WORDS);
			expect(localAddressText(words, ENDPOINT_WORDS)).toBeNull();
			writeLocalAddress(words, ENDPOINT_WORDS, local);
			expect(localAddressText(words, ENDPOINT_WORDS)).toBe(local);
			expect(remoteAddress(words, ENDPOINT_WORDS)).toEqual(endpoint);
		}
	});

	it("refuse what is no address of its family", () => {
		expect(() => endpointWords({ family: 4, address: "::1", port: 1 })).toThrow(
			/not an IPv4 address/,
		);
		expect(() => remoteAddress(new Int32Array(ENDPOINT_WORDS), 0)).toThrow(
			/no endpoint/,
		);
	});
});
