// docs/scoreboard.md has every row that can be recorded, and every row's test files are where the catalogue says.

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { ROW_NUMBERS, SCOREBOARD_ROWS } from "./scoreboard-rows.js";

const E2E = fileURLToPath(new URL("../..", import.meta.url));
const DOCUMENT = readFileSync(join(E2E, "../docs/scoreboard.md"), "utf8");

describe.each(ROW_NUMBERS)("row %d", (row) => {
	it("is in docs/scoreboard.md (npm run scoreboard writes it)", () => {
		const { title } = SCOREBOARD_ROWS[row];
		expect(DOCUMENT).toContain(`| ${row} | **${title}**`);
	});
});

/** Rows that a test file records, by its calls. */
function recordedRows(source: string): number[] {
	return [...source.matchAll(/\brow: (\d+)/g)].map((match) => Number(match[1]));
}

describe("the catalogue", () => {
	const labs = ["src/reliability", "src/tunnel"].flatMap((folder) =>
		readdirSync(join(E2E, folder))
			.filter((name) => name.endsWith(".lab.test.ts"))
			.map((name) => join(folder, name)),
	);

	it("names the file of every row that a lab test records", () => {
		const recording = labs.flatMap((file) =>
			recordedRows(readFileSync(join(E2E, file), "utf8")).map(
				(row) => [row, file] as const,
			),
		);
		expect(recording.length).toBeGreaterThan(5);
		for (const [row, file] of recording) {
			const known = ROW_NUMBERS.find((number) => number === row);
			expect(known, `row ${row} of ${file}`).toBeDefined();
			if (known === undefined) continue;
			const files: readonly string[] = SCOREBOARD_ROWS[known].files;
			expect(files, `files of row ${row}`).toContain(file);
		}
	});
});
