// Every row of docs/packet-cases.md is a test, found by its title, and every test that names a row names one that is there.

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";

const TOP = fileURLToPath(new URL("..", import.meta.url));
const DOCUMENT = readFileSync(join(TOP, "docs/packet-cases.md"), "utf8");
const NOT_SOURCE = new Set(["node_modules", "dist", "build", "out", ".next"]);

function testFilesIn(folder: string): string[] {
	return readdirSync(join(TOP, folder), { withFileTypes: true }).flatMap(
		(entry) => {
			if (NOT_SOURCE.has(entry.name)) return [];
			const path = join(folder, entry.name);
			if (entry.isDirectory()) return testFilesIn(path);
			return entry.name.endsWith(".test.ts") ? [path] : [];
		},
	);
}

/** Numbers that begin a title: "packet case 27: …", "packet cases 1 and 2: …". */
function casesNamedIn(source: string): number[] {
	const titles = source.matchAll(
		/["'`]packet cases? ((?:\d+(?:, | and )?)+):/g,
	);
	return [...titles].flatMap(([, numbers = ""]) =>
		[...numbers.matchAll(/\d+/g)].map(Number),
	);
}

const ROWS = [...DOCUMENT.matchAll(/^\| (\d+) \| /gm)].map((match) =>
	Number(match[1]),
);
const NAMED = new Map<number, string[]>();
for (const path of ["packages", "apps/daemon", "e2e"].flatMap(testFilesIn))
	for (const number of casesNamedIn(readFileSync(join(TOP, path), "utf8")))
		NAMED.set(number, [...(NAMED.get(number) ?? []), path]);

describe("docs/packet-cases.md", () => {
	test("has rows, in order, each once", () => {
		expect(ROWS.length).toBeGreaterThan(60);
		expect(ROWS).toEqual([...new Set(ROWS)].sort((a, b) => a - b));
	});

	test.each(ROWS)("row %i is a named test", (row) => {
		expect(NAMED.get(row) ?? []).not.toEqual([]);
	});

	test("has every row that a test names", () => {
		expect([...NAMED.keys()].filter((row) => !ROWS.includes(row))).toEqual([]);
	});

	test("would miss a row that only a comment names", () => {
		expect(casesNamedIn("// packet case 3: as ever")).toEqual([]);
		expect(casesNamedIn('it("packet cases 1, 2 and 14: x", …')).toEqual([
			1, 2, 14,
		]);
	});
});
