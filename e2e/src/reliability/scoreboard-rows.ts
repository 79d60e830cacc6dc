// The rows of the scoreboard: number, name, what has to hold, the test files that measure it, and whether stock is measured too.

export interface ScoreboardRow {
	readonly title: string;
	/** What has to hold in the short form, in a sentence with its figures. */
	readonly criterion: string;
	/** Lab test files that record this row, relative to e2e/; empty where outside-rows.ts does, or nobody yet. */
	readonly files: readonly string[];
	/** Stock Phantun gets a column, where it is installed. */
	readonly hasRival: boolean;
}

const row = (
	title: string,
	criterion: string,
	measuredBy: Partial<Pick<ScoreboardRow, "files" | "hasRival">> = {},
): ScoreboardRow => ({
	title,
	criterion,
	files: [],
	hasRival: false,
	...measuredBy,
});

export const SCOREBOARD_ROWS = {
	1: row(
		"Integrity sweep",
		"every size from 1 byte to the limit, both ways: 100 % delivered, 0 corrupt, 0 twice, 0 reordered",
		{
			files: [
				"src/tunnel/sweep.lab.test.ts",
				"src/reliability/fragments.lab.test.ts",
			],
			hasRival: true,
		},
	),
	3: row(
		"Flow churn",
		"500 new flows/s: table within its limit, RSS back to +10 %, established flows lose ≤ 0.1 pp",
		{ files: ["src/reliability/flow-churn.lab.test.ts"], hasRival: true },
	),
	4: row(
		"Fairness, head of line",
		"beside a stalled receiver and a dead peer the good flows keep ≥ 95 % of their goodput and p99 ≤ 2×",
		{ files: ["src/reliability/fairness.lab.test.ts"], hasRival: true },
	),
	6: row("Loss sweep", "delivered = the link's delivery ± 1 pp", {
		files: ["src/reliability/loss-sweep.lab.test.ts"],
		hasRival: true,
	}),
	7: row(
		"Reorder, duplicate, jitter",
		"order and copies as the link gave them; 0 flow resets; 0 RST on the wire",
		{ files: ["src/reliability/reorder.lab.test.ts"], hasRival: true },
	),
	8: row(
		"Corrupt 1 %",
		"0 corrupt datagrams delivered, every corrupted segment in a counter",
		{ files: ["src/reliability/corruption.lab.test.ts"], hasRival: true },
	),
	10: row(
		"kill -9 under load",
		"first datagram ≤ 3 s after the restart, the peer's stale flow gone, nothing there twice",
		{ files: ["src/tunnel/crash-under-load.lab.test.ts"] },
	),
	11: row("SIGTERM, residue", "exit code 0 within 2 s, the host as before", {
		files: ["src/tunnel/residue.lab.test.ts"],
	}),
	12: row(
		"TUN down, up, deleted",
		"noticed ≤ 1 s, CPU < 5 % while down, traffic ≤ 2 s after, deleted: made again or exit ≠ 0 within 2 s",
		{ files: ["src/tunnel/tun-lost.lab.test.ts"] },
	),
	13: row(
		"Strict middlebox",
		"0 INVALID of our making; out-of-window segments reset nothing; after conntrack -F traffic ≤ 3 s",
		{ files: ["src/reliability/healing.lab.test.ts"], hasRival: true },
	),
	14: row(
		"Dead path, rebinding, roaming, tuple reuse",
		"death noticed ≤ 10 s on inbound traffic only, traffic ≤ 3 s after",
		{ files: ["src/reliability/healing.lab.test.ts"], hasRival: true },
	),
	16: row(
		"Every errno at every system call",
		"each maps to its documented code; no crash, no leak",
	),
	17: row("Properties of the core", "≥ 2 million cases, 0 failures"),
	18: row(
		"Fuzzing of the native core",
		"20 s per target under ASan and UBSan, 0 findings",
	),
	19: row(
		"Differential checks",
		"native code and its slow references agree on every packet",
	),
	20: row(
		"Malformed storm",
		"0 crashes, every packet in exactly one counter, a good flow beside it loses ≤ 1 pp",
		{ files: ["src/reliability/malformed-storm.lab.test.ts"] },
	),
	21: row(
		"Fragments, honest and hostile",
		"0 corrupt delivered, no RST for a fragment, memory within its limit and back to 0, good datagrams ≥ 99 %",
		{
			files: [
				"src/reliability/fragments.lab.test.ts",
				"src/reliability/hostile-fragments.lab.test.ts",
			],
		},
	),
	22: row(
		"Blind attacks",
		"0 resets, ≤ 1 of 100,000 data segments delivered, path MTU never below the minimum",
		{ files: ["src/reliability/blind-attacks.lab.test.ts"] },
	),
	23: row(
		"SYN flood",
		"half-open ≤ limit, RSS ≤ +20 MiB, the good flow keeps ≥ 90 %, a new one opens ≤ 5 s",
	),
} as const satisfies Record<number, ScoreboardRow>;

export type RowNumber = keyof typeof SCOREBOARD_ROWS;

/** In ascending order. */
export const ROW_NUMBERS: readonly RowNumber[] = Object.keys(SCOREBOARD_ROWS)
	.map(Number)
	.filter(isRowNumber)
	.sort((one, other) => one - other);

export function isRowNumber(number: number): number is RowNumber {
	return Object.hasOwn(SCOREBOARD_ROWS, number);
}
