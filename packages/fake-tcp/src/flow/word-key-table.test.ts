import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { NOT_FOUND, WordKeyTable } from "./word-key-table.js";

const hashKey = { k0: 0x1234567, k1: -42 };

describe("a word-key table", () => {
	it("agrees with a Map over any sequence of operations", () => {
		const operation = fc.record({
			kind: fc.constantFrom("set", "delete", "find"),
			a: fc.nat(6),
			b: fc.constantFrom(0, 1, -1),
			value: fc.nat(1_000),
		});
		fc.assert(
			fc.property(fc.array(operation, { maxLength: 200 }), (operations) => {
				const table = new WordKeyTable({ keyWords: 2, capacity: 21, hashKey });
				const model = new Map<string, number>();
				for (const { kind, a, b, value } of operations) {
					const key = Int32Array.of(99, a, b);
					const name = `${a}/${b}`;
					if (kind === "set") {
						table.set(key, 1, value);
						model.set(name, value);
					} else if (kind === "delete")
						expect(table.delete(key, 1)).toBe(model.delete(name));
					else expect(table.find(key, 1)).toBe(model.get(name) ?? NOT_FOUND);
					expect(table.size).toBe(model.size);
				}
				for (const [name, value] of model) {
					const [a = 0, b = 0] = name.split("/").map(Number);
					expect(table.find(Int32Array.of(a, b), 0)).toBe(value);
				}
			}),
			{ numRuns: 2_000 },
		);
	});

	it("holds as many entries as promised, and one more is our bug", () => {
		const table = new WordKeyTable({ keyWords: 1, capacity: 100, hashKey });
		for (let key = 0; key < 100; key++) table.set(Int32Array.of(key), 0, key);
		for (let key = 0; key < 100; key++)
			expect(table.find(Int32Array.of(key), 0)).toBe(key);
		expect(() => table.set(Int32Array.of(100), 0, 100)).toThrow(
			"never filled past",
		);
	});
});
