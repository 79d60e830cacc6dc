// The command line of a run against another build of our own daemon.

import { parseArgs } from "node:util";
import {
	type BenchLinkProfile,
	LINK_PROFILES,
	roundsFrom,
	secondsFrom,
	UsageError,
} from "../bench-options.js";

export interface AgainstOptions {
	/** Top folder of the tree in which the other commit was built. */
	readonly oldFolder: string;
	/** For the report: its full hash. */
	readonly oldCommit: string;
	readonly linkProfile: BenchLinkProfile;
	/** Interleaved pairs per figure. */
	readonly rounds: number;
	readonly secondsPerRun: number;
}

const USUAL_ROUNDS = 9;
const USUAL_SECONDS = 2.5;

function parse(argv: readonly string[]) {
	try {
		return parseArgs({
			args: [...argv],
			options: {
				"old-folder": { type: "string" },
				"old-commit": { type: "string" },
				profile: { type: "string", default: "offload" },
				rounds: { type: "string" },
				seconds: { type: "string" },
			},
		}).values;
	} catch (error) {
		throw new UsageError(error instanceof Error ? error.message : "bad flags");
	}
}

/** @throws UsageError */
export function parseAgainstOptions(argv: readonly string[]): AgainstOptions {
	const values = parse(argv);
	const oldFolder = values["old-folder"];
	const oldCommit = values["old-commit"];
	if (oldFolder === undefined || oldCommit === undefined)
		throw new UsageError("start it with: npm run bench -- --against COMMIT");
	const linkProfile = LINK_PROFILES.find((name) => name === values.profile);
	if (linkProfile === undefined)
		throw new UsageError(
			`--profile ${values.profile}: ${LINK_PROFILES.join(" or ")}`,
		);
	return {
		oldFolder,
		oldCommit,
		linkProfile,
		rounds: roundsFrom(values.rounds, USUAL_ROUNDS),
		secondsPerRun: secondsFrom(values.seconds, USUAL_SECONDS),
	};
}
