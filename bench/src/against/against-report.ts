// The comparison of two builds, for the terminal and for docs/benchmarks-against.md.

import { formatSpread, UNITS } from "../report/figure.js";
import type { Machine } from "../report/machine.js";
import type { Judgement } from "./judgement.js";
import type { Measure } from "./measures.js";

export interface JudgedMeasure {
	readonly measure: Measure;
	readonly judgement: Judgement;
}

export interface AgainstHead {
	readonly machine: Machine;
	readonly oldCommit: string;
	readonly command: string;
	readonly date: string;
	readonly linkProfile: string;
	readonly rounds: number;
	readonly secondsPerRun: number;
}

const HEADER = ["figure", "new", "old", "new ÷ old", "allowed", "verdict"];

function percent(share: number): string {
	return `${(share * 100).toFixed(1)} %`;
}

function cells({ measure, judgement }: JudgedMeasure): string[] {
	const { unit, worseWhen } = measure;
	const { now, old, ratio, allowed, verdict } = judgement;
	const sign = worseWhen === "higher" ? "+" : "−";
	return [
		`${measure.title} [${unit.name}]`,
		formatSpread(now, unit),
		formatSpread(old, unit),
		formatSpread(ratio, { ...UNITS.ratio, digits: 3 }),
		`${sign}${percent(allowed)}`,
		verdict,
	];
}

/** Two lines per figure: what it is, what was found. */
export function consoleLines(judged: readonly JudgedMeasure[]): string[] {
	return judged.flatMap((one) => {
		const [title = "", now, old, ratio, allowed, verdict = ""] = cells(one);
		return [
			`${verdict.padEnd(10)} ${title}`,
			`           new ${now}, old ${old}; new ÷ old ${ratio}, allowed ${allowed}`,
		];
	});
}

/** For machines. */
export function againstTally(judged: readonly JudgedMeasure[]): string {
	const count = (wanted: string) =>
		judged.filter(({ judgement }) => judgement.verdict === wanted).length;
	return `bench against: ${count("no worse")} no worse, ${count("WORSE")} worse, ${count("not judged")} not judged`;
}

export function againstMarkdown(
	head: AgainstHead,
	judged: readonly JudgedMeasure[],
): string {
	const line = (row: readonly string[]) => `| ${row.join(" | ")} |`;
	const { machine } = head;
	return `# Benchmark against an earlier commit

Written by \`${head.command}\` on ${head.date}; do not edit.

- New: ${machine.commit}. Old: ${head.oldCommit.slice(0, 12)}. Each was built in a tree of its own, by its own lock file.
- Machine: ${machine.cores} × ${machine.processor}, ${machine.memoryGib} GiB, Linux ${machine.kernel}, Node ${machine.node}; load before the start ${machine.loadBefore}.
- Link profile *${head.linkProfile}*. Both tunnels are up side by side; ${head.rounds} interleaved pairs of ${head.secondsPerRun} s (new, old, old, new, …) per figure; median (minimum–maximum).
- Judged is the median of the ratios pair by pair. CPU may rise by 3 %. Goodput may fall by 3 %, or by the run's own scatter (the median distance of the ratios from their median) where that is larger.

${[line(HEADER), line(HEADER.map(() => "---")), ...judged.map((one) => line(cells(one)))].join("\n")}

${againstTally(judged)}
`;
}
