// `npm test`: sets up what is missing, then runs everything CI runs, stage by stage; the last line is "N passed, N failed, N skipped".

import { parseArgs } from "node:util";
import "./require-node.cjs";
import { endProgramsOnSignals } from "./set-up/run-program.mjs";
import { runScript, SetUpError } from "./set-up/set-up-error.mjs";
import { isAgreed } from "./stages/agreed-skips.mjs";
import { STAGES } from "./stages/stages.mjs";
import { Tally } from "./stages/tally.mjs";

const BUDGET_MINUTES = 25;

/** @typedef {{ stage: import("./stages/stages.mjs").Stage, tally: Tally, elapsedMs: number }} StageOutcome */

endProgramsOnSignals();
await runScript("npm test", async () => {
	const stages = chosenStages();
	/** @type {StageOutcome[]} */
	const outcomes = [];
	for (const stage of stages) {
		outcomes.push(await runStage(stage));
	}
	return report(outcomes);
});

/** The stages that --only names, or all of them. */
function chosenStages() {
	const names = STAGES.map((stage) => stage.name);
	const { values } = parseArgs({ options: { only: { type: "string" } } });
	if (values.only === undefined) return STAGES;
	const wanted = values.only.split(",");
	const unknown = wanted.filter((name) => !names.includes(name));
	if (unknown.length > 0) {
		throw new SetUpError(
			`--only ${unknown.join(",")}: no such stage; the stages are ${names.join(", ")}.`,
		);
	}
	return STAGES.filter((stage) => wanted.includes(stage.name));
}

/** @param {import("./stages/stages.mjs").Stage} stage @returns {Promise<StageOutcome>} */
async function runStage(stage) {
	console.log(`\n== ${stage.name}: ${stage.title}`);
	const startedAt = Date.now();
	let tally = new Tally();
	try {
		tally = await stage.run();
	} catch (error) {
		// Without its set-up nothing else can run: that ends the script with its sentence.
		if (stage.name === "install") throw error;
		tally.fail(`the stage ${stage.name} itself`, String(error));
	}
	return { stage, tally, elapsedMs: Date.now() - startedAt };
}

/** @param {StageOutcome[]} outcomes @returns {number} the exit code */
function report(outcomes) {
	const total = new Tally();
	for (const { tally } of outcomes) total.add(tally);
	const disputed = total.skipped.filter((skip) => !isAgreed(skip));

	console.log("\n== summary");
	for (const { stage, tally, elapsedMs } of outcomes) {
		console.log(
			`  ${stage.name.padEnd(11)}${minutes(elapsedMs).padStart(7)}  ${countLine(tally)}`,
		);
	}
	const elapsedMs = outcomes.reduce(
		(sum, outcome) => sum + outcome.elapsedMs,
		0,
	);
	const isOverBudget = elapsedMs > BUDGET_MINUTES * 60_000;
	console.log(
		`  ${"all".padEnd(11)}${minutes(elapsedMs).padStart(7)}  of a budget of ${BUDGET_MINUTES} minutes${isOverBudget ? ": OVER BUDGET" : ""}`,
	);
	for (const name of total.failed) console.log(`  FAILED  ${name}`);
	for (const { name, reason } of total.skipped) {
		console.log(`  skipped ${name}: ${reason}`);
	}
	for (const { name } of disputed) {
		console.log(
			`  NOT AGREED: the skip of "${name}" is not in scripts/stages/agreed-skips.mjs, so this run does not count as passed`,
		);
	}
	console.log(countLine(total));
	return total.failed.length > 0 || disputed.length > 0 ? 1 : 0;
}

/** @param {Tally} tally */
function countLine(tally) {
	return `${tally.passed} passed, ${tally.failed.length} failed, ${tally.skipped.length} skipped`;
}

/** @param {number} elapsedMs */
function minutes(elapsedMs) {
	const seconds = Math.round(elapsedMs / 1_000);
	return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}
