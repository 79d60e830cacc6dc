// The benchmark's command line.

import { parseArgs } from "node:util";
import type { Effort } from "./rows/row.js";

export const LINK_PROFILES = ["offload", "cut"] as const;
export type BenchLinkProfile = (typeof LINK_PROFILES)[number];

export interface BenchOptions {
	readonly effort: Effort;
	readonly linkProfiles: readonly BenchLinkProfile[];
	/** Null: all rows. */
	readonly rowNames: readonly string[] | null;
	/** As typed, for the report. */
	readonly command: string;
}

/** A sentence for the person who typed it. */
export class UsageError extends Error {}

const LONG: Effort = {
	isShort: false,
	rounds: 5,
	secondsPerRun: 2.5,
	lossSeconds: 60,
	heapDatagrams: 10_000_000,
};
const SHORT: Effort = {
	isShort: true,
	rounds: 2,
	secondsPerRun: 0.8,
	lossSeconds: 10,
	heapDatagrams: 1_000_000,
};

function parse(argv: readonly string[]) {
	try {
		return parseArgs({
			args: [...argv],
			options: {
				short: { type: "boolean", default: false },
				only: { type: "string" },
				profile: { type: "string" },
				rounds: { type: "string" },
				seconds: { type: "string" },
			},
		}).values;
	} catch (error) {
		throw new UsageError(error instanceof Error ? error.message : "bad flags");
	}
}

export function roundsFrom(text: string | undefined, usual: number): number {
	if (text === undefined) return usual;
	const rounds = Number(text);
	if (Number.isInteger(rounds) && rounds >= 1 && rounds <= 100) return rounds;
	throw new UsageError(`--rounds ${text}: a whole number from 1 to 100`);
}

export function secondsFrom(text: string | undefined, usual: number): number {
	if (text === undefined) return usual;
	const seconds = Number(text);
	if (seconds >= 0.5 && seconds <= 60) return seconds;
	throw new UsageError(`--seconds ${text}: a number from 0.5 to 60`);
}

function profilesFrom(
	text: string | undefined,
	isShort: boolean,
): readonly BenchLinkProfile[] {
	if (text === undefined) return isShort ? ["offload"] : LINK_PROFILES;
	const known = LINK_PROFILES.find((profile) => profile === text);
	if (known !== undefined) return [known];
	throw new UsageError(`--profile ${text}: ${LINK_PROFILES.join(" or ")}`);
}

/** @throws UsageError */
export function parseBenchOptions(
	argv: readonly string[],
	knownRows: readonly string[],
): BenchOptions {
	const { short: isShort, only, profile, rounds, seconds } = parse(argv);
	const rowNames = only?.split(",") ?? null;
	const unknown = rowNames?.filter((name) => !knownRows.includes(name)) ?? [];
	if (unknown.length > 0)
		throw new UsageError(
			`--only ${unknown.join(",")}: the rows are ${knownRows.join(", ")}`,
		);
	const effort = isShort ? SHORT : LONG;
	return {
		effort: {
			...effort,
			rounds: roundsFrom(rounds, effort.rounds),
			secondsPerRun: secondsFrom(seconds, effort.secondsPerRun),
		},
		linkProfiles: profilesFrom(profile, isShort),
		rowNames,
		command: [
			"npm run bench",
			...(argv.length > 0 ? ["--", ...argv] : []),
		].join(" "),
	};
}
