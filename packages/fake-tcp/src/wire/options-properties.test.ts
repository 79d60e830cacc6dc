import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parametersOf, timeLimitMs } from "../testing/property-run.js";
import {
	controlKind,
	controlValue,
	isControlWindow,
	linkMtuWindow,
} from "./control-window.js";
import { findMss, type MssFinding } from "./tcp.js";

type Option =
	| { readonly kind: "nop" }
	| { readonly kind: "end" }
	| { readonly kind: "mss"; readonly value: number }
	| { readonly kind: "window-scale"; readonly value: number }
	| {
			readonly kind: "other";
			readonly number: number;
			readonly bytes: Uint8Array;
	  };

const anyOption: fc.Arbitrary<Option> = fc.oneof(
	{ weight: 3, arbitrary: fc.record({ kind: fc.constant("nop" as const) }) },
	{
		weight: 3,
		arbitrary: fc.record({
			kind: fc.constant("mss" as const),
			value: fc.integer({ min: 1, max: 0xffff }),
		}),
	},
	{
		weight: 2,
		arbitrary: fc.record({
			kind: fc.constant("window-scale" as const),
			value: fc.integer({ min: 0, max: 14 }),
		}),
	},
	{
		weight: 3,
		arbitrary: fc.record({
			kind: fc.constant("other" as const),
			number: fc.integer({ min: 4, max: 255 }),
			bytes: fc.uint8Array({ maxLength: 10 }),
		}),
	},
	{ weight: 1, arbitrary: fc.record({ kind: fc.constant("end" as const) }) },
);

function bytesOf(option: Option): readonly number[] {
	if (option.kind === "nop") return [1];
	if (option.kind === "end") return [0];
	if (option.kind === "mss")
		return [2, 4, option.value >> 8, option.value & 255];
	if (option.kind === "window-scale") return [3, 3, option.value];
	return [option.number, option.bytes.length + 2, ...option.bytes];
}

/** What the list says, read from the list itself. */
function expectedFinding(options: readonly Option[]): MssFinding {
	const end = options.findIndex(({ kind }) => kind === "end");
	const read = end < 0 ? options : options.slice(0, end);
	let finding: MssFinding = { mss: 0, isAfterWindowScale: false };
	for (const [index, option] of read.entries()) {
		if (option.kind !== "mss") continue;
		const isAfterWindowScale = read
			.slice(0, index)
			.some(({ kind }) => kind === "window-scale");
		finding = { mss: option.value, isAfterWindowScale };
	}
	return finding;
}

const found: MssFinding = { mss: 0, isAfterWindowScale: false };

describe("TCP options", () => {
	it(
		"come back as they were put in, in any order, up to the end of the list",
		() => {
			fc.assert(
				fc.property(fc.array(anyOption, { maxLength: 8 }), (options) => {
					const bytes = Uint8Array.from(options.flatMap(bytesOf));
					findMss(new DataView(bytes.buffer), 0, bytes.length, found);
					const expected = expectedFinding(options);
					if (
						found.mss !== expected.mss ||
						found.isAfterWindowScale !== expected.isAfterWindowScale
					)
						expect(found).toEqual(expected);
				}),
				parametersOf("options round trip"),
			);
		},
		timeLimitMs(),
	);
});

describe("control windows", () => {
	it("all 65,536 of them have a kind and a value, and only one is plain", () => {
		let plain = 0;
		for (let window = 0; window <= 0xffff; window++) {
			if (!isControlWindow(window)) plain += 1;
			const again = (controlKind(window) << 14) | controlValue(window);
			if (again !== window) expect(again).toBe(window);
		}
		expect(plain).toBe(1);
		for (let linkMtuBytes = 68; linkMtuBytes <= 0xffff; linkMtuBytes++) {
			const window = linkMtuWindow(linkMtuBytes);
			const expected = Math.min(linkMtuBytes, 0x3fff);
			if (controlKind(window) !== 0 || controlValue(window) !== expected)
				expect(controlValue(window)).toBe(expected);
		}
	});
});
