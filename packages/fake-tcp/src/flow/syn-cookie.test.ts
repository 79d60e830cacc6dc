import { describe, expect, it } from "vitest";
import {
	COOKIE_MSS,
	COOKIE_VALID_MS,
	cookieMssCeiling,
	SynCookies,
} from "./syn-cookie.js";

const KEY = { k0: 0x1234_5678, k1: 0x0fed_cba9 };
const REMOTE = Int32Array.of(0, 0, 0xffff, 0x0a00_0001);
const PORTS = (40_000 << 16) | 4_567;
const STEP_MS = COOKIE_VALID_MS / 2;

describe("a SYN cookie", () => {
	it.each([
		[0, 0],
		[1, 536],
		[536, 536],
		[1_219, 536],
		[1_220, 1_220],
		[1_452, 1_440],
		[1_460, 1_460],
		[8_939, 1_460],
		[8_940, 8_940],
		[65_535, 8_940],
	])(
		"keeps an MSS of %i as %i, and a bound above which it was not",
		(mss, kept) => {
			const cookies = new SynCookies(KEY);
			const isn = cookies.make(REMOTE, PORTS, mss, 1_000);
			const place = cookies.check(REMOTE, PORTS, isn, 1_000);
			expect(COOKIE_MSS[place]).toBe(kept);
			expect(cookieMssCeiling(place)).toBeGreaterThanOrEqual(mss);
		},
	);

	it("is good for one step of time and the next, and never longer", () => {
		const cookies = new SynCookies(KEY);
		for (let made = 0; made < STEP_MS * 4; made += 333) {
			const isn = cookies.make(REMOTE, PORTS, 1_460, made);
			for (let age = 0; age < STEP_MS * 6; age += 250) {
				const steps =
					Math.floor((made + age) / STEP_MS) - Math.floor(made / STEP_MS);
				const isGood = cookies.check(REMOTE, PORTS, isn, made + age) >= 0;
				expect(isGood).toBe(steps <= 1);
				if (isGood) expect(age).toBeLessThan(COOKIE_VALID_MS);
			}
		}
	});

	it("is good for no other address, port or key", () => {
		const cookies = new SynCookies(KEY);
		const isn = cookies.make(REMOTE, PORTS, 1_460, 0);
		const other = Int32Array.of(0, 0, 0xffff, 0x0a00_0002);
		expect(cookies.check(other, PORTS, isn, 0)).toBe(-1);
		expect(cookies.check(REMOTE, PORTS + 1, isn, 0)).toBe(-1);
		const stranger = new SynCookies({ k0: KEY.k0, k1: KEY.k1 + 1 });
		expect(stranger.check(REMOTE, PORTS, isn, 0)).toBe(-1);
	});

	it("is not guessed in a million attempts", () => {
		const cookies = new SynCookies(KEY);
		let isn = 0;
		let found = 0;
		for (let guess = 0; guess < 1_000_000; guess++) {
			isn = (Math.imul(isn, 1_664_525) + 1_013_904_223) | 0;
			if (cookies.check(REMOTE, PORTS, isn, 50_000) >= 0) found++;
		}
		expect(found).toBe(0);
	});
});
