import { expect, it } from "vitest";
import { createLineSplitter } from "./line-splitter.js";

it("gives whole lines only, however the output was cut", () => {
	const lines: string[] = [];
	const split = createLineSplitter((line) => lines.push(line));
	for (const piece of ["a", "b\nc", "\n", "\nd"]) split(piece);
	expect(lines).toEqual(["ab", "c", ""]);
});
