import { expect, it } from "vitest";
import {
	announcedMssBytes,
	fragmentedLimitBytes,
	fragmentPayloadBytes,
	payloadLimitBytes,
	wireguardMtuBytes,
} from "./mtu-arithmetic.js";

// path MTU, family, payload, WireGuard MTU: diagnosis.md's own examples.
it.each([
	[1_500, 4, 1_460, 1_428],
	[1_500, 6, 1_440, 1_408],
	[1_492, 4, 1_452, 1_420],
	[1_492, 6, 1_432, 1_400],
	[1_400, 4, 1_360, 1_328],
] as const)(
	"a path MTU of %i over IPv%i carries %i octets, and WireGuard at %i",
	(mtu, family, payload, wireguard) => {
		expect(payloadLimitBytes(mtu, family)).toBe(payload);
		expect(wireguardMtuBytes(mtu, family)).toBe(wireguard);
		expect(announcedMssBytes(mtu, family)).toBe(payload);
	},
);

it("keeps the MSS within its 16 bits", () => {
	expect(announcedMssBytes(70_000, 4)).toBe(65_535);
	expect(announcedMssBytes(20, 4)).toBe(1);
});

// path MTU, family, octets per fragment, largest datagram in at most 64 of them.
it.each([
	[1_500, 4, 1_480, 65_495],
	[1_500, 6, 1_448, 65_507],
	[1_280, 6, 1_232, 65_507],
	[1_006, 4, 984, 62_956],
	[576, 4, 552, 35_308],
	[65_535, 4, 65_512, 65_495],
] as const)(
	"a path MTU of %i over IPv%i takes fragments of %i octets, and datagrams of %i",
	(mtu, family, fragment, datagram) => {
		expect(fragmentPayloadBytes(mtu, family)).toBe(fragment);
		expect(fragmentedLimitBytes(mtu, family)).toBe(datagram);
	},
);
