import { isIPv4, isIPv6 } from "node:net";
import { isIpv4, isIpv6 } from "@tunscope/shared/lean";
import { describe, expect, it } from "vitest";

const TEXTS = [
	..."0.0.0.0 1.2.3.4 255.255.255.255 256.1.1.1 1.2.3 1.2.3.4.5 01.2.3.4 1.2.3.4. .1.2.3.4 1..2.3".split(
		" ",
	),
	...":: ::1 1:: fcc8::1 2001:db8:0:0:0:0:0:1 1:2:3:4:5:6:7:8 1:2:3:4:5:6:7 1:2:3:4:5:6:7:8:9".split(
		" ",
	),
	...":::1 1::2::3 12345::1 g::1 ::ffff:1.2.3.4 1:2:3:4:5:6:1.2.3.4 1:2:3:4:5:6:7:1.2.3.4".split(
		" ",
	),
	...":1 1: 1:2:3:4:5:6:7:: ::2:3:4:5:6:7:8 1::2:3:4:5:6:7:8 ::1.2.3 1.2.3.4::1 ::1.2.3.04".split(
		" ",
	),
	"",
	"::1 ",
	"host",
	"1.2.3.4\n",
	"::1\n",
];

describe("address literals", () => {
	it("answers as node:net does", () => {
		for (const text of TEXTS) {
			expect(isIpv4(text), JSON.stringify(text)).toBe(isIPv4(text));
			expect(isIpv6(text), JSON.stringify(text)).toBe(isIPv6(text));
		}
	});

	it("agrees with node:net on every short text of an address's characters", () => {
		const letters = ["1", "f", ":", ".", "255"];
		let texts = [""];
		for (let length = 1; length <= 7; length += 1) {
			texts = texts.flatMap((text) => letters.map((letter) => text + letter));
			const disagreeing = texts.filter(
				(text) =>
					isIpv4(text) !== isIPv4(text) || isIpv6(text) !== isIPv6(text),
			);
			expect(disagreeing).toEqual([]);
		}
	});
});
