import { describe, expect, it } from "vitest";
import { believableMtuBytes } from "./believable-mtu.js";

describe("an MTU that an ICMP error claims", () => {
	it.each([
		[1_400, 4, 1_500, 1_400, "is believed below what we sent"],
		[1_499, 4, 1_500, 1_499, "is believed one octet below"],
		[1_500, 4, 1_500, 0, "changes nothing where what we sent fits"],
		[28_040, 4, 1_440, 0, "is nothing where it is a train's"],
		[576, 4, 1_500, 576, "is believed at the floor"],
		[575, 4, 1_500, 576, "never goes below the floor"],
		[68, 4, 1_500, 576, "never goes below the floor"],
		[67, 4, 1_500, 0, "is nonsense below every IPv4 link's"],
		[0, 4, 1_500, 1_492, "is the next plateau where a router names none"],
		[0, 4, 1_492, 1_006, "is the next plateau where a router names none"],
		[0, 4, 600, 576, "is the next plateau where a router names none"],
		[0, 4, 576, 0, "has nothing below the floor"],
		[500, 4, 500, 0, "has nothing below the floor"],
		[1_280, 6, 1_500, 1_280, "is believed at the floor"],
		[1_279, 6, 1_500, 0, "is discarded below the floor (RFC 8201)"],
		[0, 6, 1_500, 0, "must be named in IPv6"],
		[0xffff_ffff, 6, 1_500, 0, "changes nothing where what we sent fits"],
		[1_400, 4, 0, 0, "is nothing where we sent nothing"],
	] as const)(
		"%i over IPv%i, with %i sent, is %i: it %s",
		(claimed, family, sent, believed, _why) => {
			expect(believableMtuBytes(claimed, family, sent)).toBe(believed);
		},
	);
});
