// `npm run bench -- --against COMMIT`: two builds of our daemon side by side, run in turns; exit code 1 when the new one is worse.

import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { ours, oursBuiltIn, whyNoDaemon } from "@tunscope/e2e/netlab";
import {
	type AgainstOptions,
	parseAgainstOptions,
} from "./against/against-options.js";
import {
	againstMarkdown,
	againstTally,
	consoleLines,
	type JudgedMeasure,
} from "./against/against-report.js";
import { judgePairs, LEAST_PAIRS, type Pair } from "./against/judgement.js";
import { MEASURES, type Measure } from "./against/measures.js";
import { UsageError } from "./bench-options.js";
import { type Column, openColumn } from "./lab/column.js";
import { runStream } from "./lab/stream-run.js";
import { describeMachine } from "./report/machine.js";

const DOCUMENT = fileURLToPath(
	new URL("../../docs/benchmarks-against.md", import.meta.url),
);
const EXIT_USAGE = 2;
/** What the project asks of a comparison that counts. */
const PAIRS_THAT_COUNT = 7;
const SECONDS_THAT_COUNT = 1;

interface Builds {
	readonly now: Column;
	readonly old: Column;
}

function say(line: string): void {
	console.log(line);
}

async function withBuilds<T>(
	options: AgainstOptions,
	use: (builds: Builds) => Promise<T>,
): Promise<T> {
	const { linkProfile, oldFolder } = options;
	const open = (kind: typeof ours) =>
		openColumn("ours", { ours: kind, stock: null }, linkProfile);
	const now = await open(ours);
	try {
		const old = await open(oursBuiltIn(oldFolder));
		try {
			return await use({ now, old });
		} finally {
			await old.close();
		}
	} finally {
		await now.close();
	}
}

async function runPairs(
	builds: Builds,
	measure: Measure,
	options: AgainstOptions,
): Promise<Pair[]> {
	const pairs: Pair[] = [];
	const seconds = options.secondsPerRun;
	const run = async (build: keyof Builds) =>
		measure.pick(await runStream(builds[build], { ...measure.plan, seconds }));
	for (let round = 0; round < options.rounds; round += 1) {
		// new, old, old, new, …: a machine that grows slower favours neither.
		const newGoesFirst = round % 2 === 0;
		const first = await run(newGoesFirst ? "now" : "old");
		const second = await run(newGoesFirst ? "old" : "now");
		pairs.push(
			newGoesFirst ? { now: first, old: second } : { now: second, old: first },
		);
	}
	return pairs;
}

/** One uncounted run of each, so that neither meets a cold machine. */
async function warmUp(builds: Builds): Promise<void> {
	const [measure] = MEASURES;
	if (measure === undefined) return;
	say("warming up …");
	for (const build of ["now", "old"] as const)
		await runStream(builds[build], { ...measure.plan, seconds: 1 });
}

async function main(): Promise<number> {
	const options = parseAgainstOptions(process.argv.slice(2));
	const noDaemon = whyNoDaemon();
	if (noDaemon !== null) throw new Error(noDaemon);
	const machine = await describeMachine();
	const { oldCommit, linkProfile, rounds, secondsPerRun } = options;
	say(`new ${machine.commit} against old ${oldCommit.slice(0, 12)}`);
	const judged = await withBuilds(options, async (builds) => {
		const found: JudgedMeasure[] = [];
		await warmUp(builds);
		for (const measure of MEASURES) {
			say(`${measure.title} …`);
			const pairs = await runPairs(builds, measure, options);
			found.push({ measure, judgement: judgePairs(pairs, measure) });
		}
		return found;
	});
	say("");
	for (const line of consoleLines(judged)) say(line);
	if (rounds < LEAST_PAIRS)
		say(`Fewer than ${LEAST_PAIRS} pairs prove nothing: nothing was judged.`);
	if (rounds >= PAIRS_THAT_COUNT && secondsPerRun >= SECONDS_THAT_COUNT) {
		const head = {
			...{ machine, oldCommit, linkProfile, rounds, secondsPerRun },
			command: `npm run bench -- --against ${oldCommit.slice(0, 12)}`,
			date: new Date().toISOString().slice(0, 10),
		};
		writeFileSync(DOCUMENT, againstMarkdown(head, judged));
		say(`Written: ${DOCUMENT}`);
	}
	say(againstTally(judged));
	return judged.some(({ judgement }) => judgement.verdict === "WORSE") ? 1 : 0;
}

try {
	process.exitCode = await main();
} catch (error) {
	if (!(error instanceof UsageError)) throw error;
	console.error(`npm run bench: ${error.message}`);
	process.exitCode = EXIT_USAGE;
}
