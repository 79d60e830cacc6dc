import { expect, it } from "vitest";
import {
	announcedMssBytes,
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
