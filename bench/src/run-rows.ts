// Runs the chosen rows: per link profile those to which the link matters, then the others once.

import type { BenchLinkProfile, BenchOptions } from "./bench-options.js";
import type { TunnelKinds } from "./lab/column.js";
import { OpenColumns } from "./lab/open-columns.js";
import { runStream, SENDERS, type Sender } from "./lab/stream-run.js";
import { type Figure, UNITS } from "./report/figure.js";
import { firstLineOf } from "./report/first-line.js";
import type { RowResult } from "./report/result.js";
import { spreadOf } from "./report/spread.js";
import { BULK_BYTES } from "./rows/goodput.js";
import type { Row, RowContext } from "./rows/row.js";

/** Runs that find a maximum when no earlier row has found it. */
const MAXIMUM_RUNS = 3;

export interface RunRowsOptions {
	readonly bench: BenchOptions;
	readonly rows: readonly Row[];
	readonly kinds: TunnelKinds;
	readonly stockAbsence: string;
	readonly say: (line: string) => void;
}

function contextFor(
	options: RunRowsOptions,
	linkProfile: BenchLinkProfile,
	columns: OpenColumns,
): RowContext {
	const { bench, kinds, say } = options;
	const maxima = new Map<string, number>();
	const keyOf = (name: string, sender: Sender) => `${name} ${sender.title}`;
	const context: RowContext = {
		effort: bench.effort,
		linkProfile,
		kinds,
		say,
		whyNot: (name) => columns.whyNot(name),
		column: (name) => columns.get(name),
		rememberMaximum: (name, sender, perSecond) => {
			maxima.set(keyOf(name, sender), perSecond);
		},
		maximum: async (name, sender) => {
			const known = maxima.get(keyOf(name, sender));
			if (known !== undefined) return known;
			const found: number[] = [];
			for (let run = 0; run < MAXIMUM_RUNS; run += 1) {
				const outcome = await runStream(await columns.get(name), {
					sender,
					sizeBytes: BULK_BYTES,
					seconds: bench.effort.secondsPerRun,
				});
				found.push(outcome.datagramsPerSecond);
			}
			const { median } = spreadOf(found);
			context.rememberMaximum(name, sender, median);
			return median;
		},
	};
	return context;
}

async function runInProfile(
	options: RunRowsOptions,
	linkProfile: BenchLinkProfile,
	rows: readonly Row[],
): Promise<RowResult[]> {
	const columns = new OpenColumns({ ...options, linkProfile });
	const context = contextFor(options, linkProfile, columns);
	const results: RowResult[] = [];
	try {
		if (rows.some((row) => row.perLinkProfile)) await warmUp(context);
		for (const row of rows)
			results.push({
				rowName: row.name,
				linkProfile: row.perLinkProfile ? linkProfile : null,
				figures: await runOrFail(row, context),
			});
	} finally {
		await columns.close();
	}
	return results;
}

/** A row that cannot be measured is a failed line of the table, not the end of the others. */
async function runOrFail(
	row: Row,
	context: RowContext,
): Promise<readonly Figure[]> {
	try {
		return await row.run(context);
	} catch (error) {
		const reason = firstLineOf(error);
		context.say(`  ${row.name} FAILED: ${reason}`);
		const claim = {
			title: `row "${row.name}" can be measured`,
			unit: UNITS.ratio,
			direction: "at-least",
			goal: 1,
			floor: 1,
			alarm: 1,
		} as const;
		return [
			{
				title: `Row "${row.name}"`,
				unit: UNITS.ratio,
				sinkUsesGro: null,
				cells: { ours: { kind: "failed", reason } },
				verdicts: [{ claim, measured: null, reason, isFailed: true }],
				notes: [],
			},
		];
	}
}

/** One uncounted run, so that no column meets a cold machine alone. */
async function warmUp(context: RowContext): Promise<void> {
	context.say("warming up …");
	for (const name of ["ours", "stock"] as const) {
		if (context.whyNot(name) !== null) continue;
		try {
			await runStream(await context.column(name), {
				sender: SENDERS.send,
				sizeBytes: BULK_BYTES,
				seconds: 1,
			});
		} catch (error) {
			// The rows meet the same trouble, and say so in the table.
			context.say(`  ${name}: ${firstLineOf(error)}`);
		}
	}
}

export async function runRows(options: RunRowsOptions): Promise<RowResult[]> {
	const { linkProfiles } = options.bench;
	const results: RowResult[] = [];
	const perLink = options.rows.filter((row) => row.perLinkProfile);
	const once = options.rows.filter((row) => !row.perLinkProfile);
	for (const linkProfile of linkProfiles) {
		if (perLink.length === 0) break;
		options.say(`== link profile ${linkProfile}`);
		results.push(...(await runInProfile(options, linkProfile, perLink)));
	}
	const [first] = linkProfiles;
	if (once.length > 0 && first !== undefined) {
		options.say("== whatever the link");
		results.push(...(await runInProfile(options, first, once)));
	}
	return results;
}
