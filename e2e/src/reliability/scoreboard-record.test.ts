// Results are kept one by one, come back as they were, and nonsense is refused.

import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import {
	type NewRowRecord,
	readRecords,
	recordRow,
} from "./scoreboard-record.js";

const RECORD: NewRowRecord = {
	row: 6,
	title: "10 % loss, client to server",
	criterion: "delivered = the link's delivery ± 1 pp",
	column: "ours",
	measured: "90.03 %",
	isMet: true,
	seed: 1,
};

let folder = "";
beforeEach(() => {
	folder = mkdtempSync(join(tmpdir(), "tunscope-scoreboard-"));
	// An invented result must not stand in CI's log like a measured one.
	vi.spyOn(process.stdout, "write").mockImplementation(() => true);
});
afterEach(() => {
	vi.restoreAllMocks();
	rmSync(folder, { recursive: true });
});

it("gives back what was recorded, with the command that reproduces it", () => {
	recordRow(RECORD, folder);
	recordRow({ ...RECORD, row: 1, command: "npm run e2e" }, folder);
	expect(readRecords(folder)).toEqual([
		{ ...RECORD, row: 1, command: "npm run e2e" },
		{ ...RECORD, command: "npm run scoreboard -- --rows 6" },
	]);
});

it("keeps the last result of a title, and one per column and title", () => {
	recordRow(RECORD, folder);
	recordRow({ ...RECORD, measured: "89 %", isMet: false }, folder);
	recordRow({ ...RECORD, column: "phantun" }, folder);
	recordRow({ ...RECORD, title: "1 % loss, client to server" }, folder);
	expect(
		readRecords(folder).map(({ column, title, measured }) => [
			column,
			title,
			measured,
		]),
	).toEqual([
		["ours", "1 % loss, client to server", "90.03 %"],
		["ours", RECORD.title, "89 %"],
		["phantun", RECORD.title, "90.03 %"],
	]);
});

it("knows nothing before anything is recorded", () => {
	expect(readRecords(join(folder, "missing"))).toEqual([]);
});

it("refuses a record without a figure", () => {
	expect(() => recordRow({ ...RECORD, measured: "" }, folder)).toThrow();
	expect(readdirSync(folder)).toEqual([]);
});

it("refuses a file that is not a record, and a row that is not on the board", () => {
	writeFileSync(
		join(folder, "99.json"),
		JSON.stringify({ ...RECORD, row: 99, command: "x" }),
	);
	expect(() => readRecords(folder)).toThrow();
});
