// Tests in the namespace lab, as root. What measures runs one file after another, because there are two cores; what
// mostly waits for a host to notice something runs two files at a time.
import { defineConfig } from "vitest/config";

const lab = {
	pool: "forks" as const,
	exclude: ["dist/**", "node_modules/**"],
	testTimeout: 60_000,
	hookTimeout: 60_000,
	teardownTimeout: 10_000,
	disableConsoleIntercept: true,
};

const RELIABILITY = "src/reliability/**/*.lab.test.ts";
/** Nothing here depends on how fast the cores are. */
const WAITING = [
	"src/hosts/**/*.lab.test.ts",
	...["anomalies", "fragments", "healing", "prohibited-path"].map(
		(name) => `src/reliability/${name}.lab.test.ts`,
	),
	...["flags", "flow-limit", "handshake-packet", "residue", "stale-record"].map(
		(name) => `src/tunnel/${name}.lab.test.ts`,
	),
];

export default defineConfig({
	test: {
		projects: [
			{
				test: {
					...lab,
					name: "tunnels",
					include: ["src/**/*.lab.test.ts"],
					exclude: [...lab.exclude, ...WAITING, RELIABILITY],
					fileParallelism: false,
					maxWorkers: 1,
					sequence: { groupOrder: 0 },
				},
			},
			{
				test: {
					...lab,
					name: "waiting",
					include: WAITING,
					maxWorkers: 2,
					sequence: { groupOrder: 1 },
				},
			},
			{
				test: {
					...lab,
					name: "reliability",
					include: [RELIABILITY],
					exclude: [...lab.exclude, ...WAITING],
					fileParallelism: false,
					maxWorkers: 1,
					sequence: { groupOrder: 2 },
				},
			},
		],
	},
});
