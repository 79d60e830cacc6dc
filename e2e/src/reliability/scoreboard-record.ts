// What a row's test measured: written as one file per result, read again when the scoreboard is made.

import {
	existsSync,
	mkdirSync,
	readdirSync,
	readFileSync,
	writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import { isRowNumber, type RowNumber } from "./scoreboard-rows.js";

/** Not in the repository; sources and `dist` of this package lie equally deep. */
export const RESULTS_FOLDER = fileURLToPath(
	new URL("../../../test-results/scoreboard", import.meta.url),
);

const rowRecord = z
	.object({
		/** Of reliability.md; scoreboard-rows.ts lists them. */
		row: z.custom<RowNumber>(
			(row) => typeof row === "number" && isRowNumber(row),
		),
		/** What exactly was done, in a few words, unique within row and column: "10 % loss, client to server". */
		title: z.string().min(1),
		/** What has to hold, with its figures: "delivered = the link's delivery ± 1 pp". */
		criterion: z.string().min(1),
		column: z.enum(["ours", "phantun"]),
		/** With units: "90.03 % of 10,000; the link delivered 90.03 %". */
		measured: z.string().min(1),
		/** A test expects this to be true in column "ours"; stock's result is only published. */
		isMet: z.boolean(),
		/** Null where nothing is random. */
		seed: z.number().nullable(),
		/** Reproduces the result, from the top folder. */
		command: z.string().min(1),
		/** For readers of the scoreboard: what the result means, or why it is so. */
		remark: z.string().optional(),
	})
	.strict();

export type RowRecord = Readonly<z.infer<typeof rowRecord>>;

/** `command` unless it is given: the scoreboard's own for the row. */
export type NewRowRecord = Omit<RowRecord, "command"> & {
	readonly command?: string;
};

/**
 * Writes the result (over an earlier one of the same row, title and column) and prints it. Call it before the
 * expectations, so that a result that is not met is on the scoreboard too. The test's file belongs into the row's
 * `files` in scoreboard-rows.ts, or `npm run scoreboard` does not run it.
 */
export function recordRow(record: NewRowRecord, folder = RESULTS_FOLDER): void {
	const command =
		record.command ?? `npm run scoreboard -- --rows ${record.row}`;
	const full = rowRecord.parse({ ...record, command });
	const sign = full.isMet ? "met" : "NOT met";
	process.stdout.write(
		`    measured: row ${full.row}, ${full.column}, ${full.title}: ${full.measured} (${full.criterion}: ${sign})\n`,
	);
	mkdirSync(folder, { recursive: true });
	writeFileSync(
		join(folder, fileName(full)),
		`${JSON.stringify(full, null, "\t")}\n`,
	);
}

/** Everything that is recorded, by row, then title. @throws ZodError when a file is not a record. */
export function readRecords(folder = RESULTS_FOLDER): readonly RowRecord[] {
	if (!existsSync(folder)) return [];
	return readdirSync(folder)
		.filter((name) => name.endsWith(".json"))
		.map((name) =>
			rowRecord.parse(JSON.parse(readFileSync(join(folder, name), "utf8"))),
		)
		.sort((one, other) => one.row - other.row || compareTitles(one, other));
}

/** "2 flows" before "10 flows". */
function compareTitles(one: RowRecord, other: RowRecord): number {
	return one.title.localeCompare(other.title, "en", { numeric: true });
}

function fileName({ row, column, title }: RowRecord): string {
	const words = title.toLowerCase().match(/[a-z0-9.]+/g) ?? ["result"];
	return `${String(row).padStart(2, "0")}-${column}-${words.join("-")}.json`;
}
