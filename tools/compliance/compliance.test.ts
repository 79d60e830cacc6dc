import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { readSource } from "./citations.mjs";
import { complianceDocuments } from "./documents.mjs";

const TOP = fileURLToPath(new URL("../..", import.meta.url));
const FOLDER = join(TOP, "docs/compliance");

const SOURCE = `// Things of TCP (RFC 9293 §3.1): what they are.

/** Says it. RFC 5961 §3.2: a challenge. Nobody else does. */
export function answer(): void {
	const late = 1;
	// RFC 9293 §3.10.7.4, and RFC 791 too.
	// DEVIATION: we wait longer, because stock does.
	if (late > 0) return;
}

class Flow {
	/** RFC 6528's idea. */
	#hidden(): number {
		return 0;
	}
}
`;

describe("citations", () => {
	const { citations, deviations } = readSource("a.ts", SOURCE);

	test("are found with section, symbol and sentence", () => {
		expect(
			citations.map(({ rfc, section, symbol, how }) => [
				...[rfc, section, symbol, how],
			]),
		).toEqual([
			[
				9293,
				"3.1",
				"(whole file)",
				"Things of TCP (RFC 9293 §3.1): what they are.",
			],
			[5961, "3.2", "answer", "RFC 5961 §3.2: a challenge."],
			[9293, "3.10.7.4", "answer", "RFC 9293 §3.10.7.4, and RFC 791 too."],
			[791, "", "answer", "RFC 9293 §3.10.7.4, and RFC 791 too."],
			[6528, "", "Flow.#hidden", "RFC 6528's idea."],
		]);
	});

	test("that deviate say so with their reason", () => {
		expect(deviations).toEqual([
			{
				path: "a.ts",
				symbol: "answer",
				reason: "we wait longer, because stock does.",
			},
		]);
	});

	test("in tests count as tests, in comments and in titles", () => {
		const read = readSource(
			"a.test.ts",
			'it("obeys RFC 9293 §3.4", () => {\n\t// RFC 791 §3.1\n\texpect(1);\n});\n',
		);
		expect(
			read.citations.map(({ rfc, isTest, symbol }) => [rfc, isTest, symbol]),
		).toEqual([
			[791, true, "“obeys RFC 9293 §3.4”"],
			[9293, true, "“obeys RFC 9293 §3.4”"],
		]);
	});
});

describe("docs/compliance", () => {
	const documents = complianceDocuments(TOP);

	test("has a file for each RFC that is cited, and no other", () => {
		expect(documents.size).toBeGreaterThan(10);
		expect(readdirSync(FOLDER).sort()).toEqual([...documents.keys()].sort());
	});

	test.each([...documents])(
		"%s is what the sources say (npm run compliance writes it)",
		(name, text) => {
			expect(readFileSync(join(FOLDER, name), "utf8")).toBe(text);
		},
	);
});
