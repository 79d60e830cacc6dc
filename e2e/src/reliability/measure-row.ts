// Runs one measurement of a scoreboard row, records it whatever comes of it, and fails only where it is our own that failed.

import type { TunnelKind } from "../netlab/tunnel-options.js";
import { findKinds } from "../tunnel/available-kinds.js";
import type { Column } from "./row-form.js";
import { type NewRowRecord, recordRow } from "./scoreboard-record.js";

export type RowPlan = Omit<NewRowRecord, "measured" | "isMet" | "remark">;
export type RowOutcome = Pick<NewRowRecord, "measured" | "isMet" | "remark">;

/** @throws Error when our own column does not hold; stock's result is only recorded. */
export async function measureRow(
	plan: RowPlan,
	measure: () => Promise<RowOutcome>,
): Promise<void> {
	const outcome = await measure().catch((error: unknown): RowOutcome => {
		if (plan.column === "ours") {
			recordRow({ ...plan, ...failure(error) });
			throw error;
		}
		return failure(error);
	});
	recordRow({ ...plan, ...outcome });
	if (plan.column === "ours" && !outcome.isMet)
		throw new Error(
			`row ${plan.row}, ${plan.title} (seed ${plan.seed}): ${outcome.measured}; wanted: ${plan.criterion}`,
		);
}

function failure(error: unknown): RowOutcome {
	const text = error instanceof Error ? error.message : String(error);
	return { measured: `failed: ${text.split("\n", 1)[0]}`, isMet: false };
}

/** The implementation that runs at both ends in a column. */
export async function kindOfColumn(column: Column): Promise<TunnelKind> {
	const kinds = await findKinds();
	return kinds.get(column === "ours" ? "ours" : "stock");
}

/** Null when the column can be measured here, else the reason to skip it. */
export async function whyNoColumn(column: Column): Promise<string | null> {
	const kinds = await findKinds();
	return kinds.whyNot(column === "ours" ? "ours" : "stock");
}
