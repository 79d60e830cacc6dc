// Which form of the reliability rows is run, short or long, with or without stock beside ours; decided here and nowhere else.

/** LONG=1, or `npm run scoreboard -- --long`. */
export const isLongForm = process.env.LONG === "1";

/** `npm run scoreboard` measures stock Phantun beside ours in rows that have a column for it; CI measures ours only. */
const hasRivalColumn = process.env.SCOREBOARD_RIVAL === "1";

export type Column = "ours" | "phantun";

/** The columns that a row's tests go through. */
export const COLUMNS: readonly Column[] = hasRivalColumn
	? ["ours", "phantun"]
	: ["ours"];
