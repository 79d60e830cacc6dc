import { describe, expect, it } from "vitest";
import { residueBetween } from "./residue.js";

describe("residue between two snapshots", () => {
	it("is empty for equal hosts", () => {
		const host = { links: ["lo", "eth0"], routes: ["default"] };
		expect(residueBetween(host, { ...host })).toEqual([]);
	});

	it("names what was left behind and what is missing", () => {
		const before = { links: ["lo"], routes: ["default"] };
		const after = { links: ["lo", "tun0"], routes: [] };
		expect(residueBetween(before, after)).toEqual([
			"links: left behind: tun0",
			"routes: missing: default",
		]);
	});

	it("sees a line that is there twice where it was there once", () => {
		expect(residueBetween({ rules: ["a"] }, { rules: ["a", "a"] })).toEqual([
			"rules: left behind: a",
		]);
	});

	it("sees a changed order where order has meaning", () => {
		expect(residueBetween({ nft: ["a", "b"] }, { nft: ["b", "a"] })).toEqual([
			"nft: same lines in another order",
		]);
	});
});
