// What the kernel's two files say, on examples and on this machine.

import { describe, expect, it } from "vitest";
import {
	busiestSince,
	parseSchedstat,
	parseSoftnetStat,
	ThreadWatch,
} from "./thread-watch.js";

describe("parseSchedstat", () => {
	it("reads time on a core and time waiting for one", () => {
		expect(parseSchedstat("123456 789 42\n")).toEqual({
			ranNs: 123_456,
			waitedNs: 789,
		});
	});

	it.each(["", "5", "a b c"])("is null for %j", (text) => {
		expect(parseSchedstat(text)).toBeNull();
	});
});

describe("parseSoftnetStat", () => {
	const columns = (count: string, core: string) =>
		[count, ...Array<string>(11).fill("00000000"), core].join(" ");

	it("numbers cores by their column, where some are offline", () => {
		const text = `${columns("0000000a", "00000000")}\n${columns("000000ff", "00000003")}\n`;
		expect([...parseSoftnetStat(text)]).toEqual([
			[0, 10],
			[3, 255],
		]);
	});

	it("numbers cores by line on old kernels", () => {
		expect([...parseSoftnetStat("00000001 0\n00000002 0\n")]).toEqual([
			[0, 1],
			[1, 2],
		]);
	});

	it("finds nothing in nonsense", () => {
		expect(parseSoftnetStat("\nwhat?\n").size).toBe(0);
	});
});

describe("busiestSince", () => {
	it("is the core whose count grew most, also across the wrap at 32 bits", () => {
		const before = new Map([
			[0, 0xffff_fff0],
			[1, 100],
		]);
		const after = new Map([
			[0, 0x10],
			[1, 110],
		]);
		expect(busiestSince(before, after)).toBe(0);
	});

	it("is null when nothing grew, or nothing is known", () => {
		const counts = new Map([[0, 5]]);
		expect(busiestSince(counts, counts)).toBeNull();
		expect(busiestSince(new Map(), counts)).toBeNull();
	});
});

describe("ThreadWatch", () => {
	it("sees this thread run", () => {
		const watch = new ThreadWatch();
		const before = watch.times();
		const untilMs = performance.now() + 30;
		while (performance.now() < untilMs) Math.random();
		const after = watch.times();
		watch.close();
		expect(before).not.toBeNull();
		expect((after?.ranNs ?? 0) - (before?.ranNs ?? 0)).toBeGreaterThan(0);
	});
});
