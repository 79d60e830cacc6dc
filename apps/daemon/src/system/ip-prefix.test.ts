import { describe, expect, it } from "vitest";
import { isInPrefix, parsePrefix } from "./ip-prefix.js";

function contains(prefix: string, address: string): boolean {
	const parsed = parsePrefix(prefix);
	if (parsed === null) throw new Error(`${prefix} is no prefix`);
	return isInPrefix(parsed, address);
}

describe("prefixes", () => {
	it("contain what lies in them, to the last address and not one further", () => {
		expect(contains("192.168.200.0/22", "192.168.203.255")).toBe(true);
		expect(contains("192.168.200.0/22", "192.168.204.0")).toBe(false);
		expect(contains("192.168.200.2", "192.168.200.2")).toBe(true);
		expect(contains("192.168.200.2", "192.168.200.3")).toBe(false);
		expect(contains("fcc8::/16", "fcc8:ffff::1")).toBe(true);
		expect(contains("fcc8::/16", "fcc9::1")).toBe(false);
		expect(contains("0.0.0.0/0", "fcc9::1")).toBe(false);
	});

	it("are read in the kernel's spelling, and nothing else is", () => {
		expect(parsePrefix("10.0.0.0/8")).toMatchObject({ lengthBits: 8 });
		expect(parsePrefix("fe80::1")).toMatchObject({ lengthBits: 128 });
		for (const text of ["default", "", "10.0.0.0/33", "10.0.0.0/x"])
			expect(parsePrefix(text), text).toBeNull();
	});
});
