// Tests in the namespace lab: root, one after another, because they share two cores and measure.
import { defineConfig } from "vitest/config";

export default defineConfig({
	test: {
		include: ["src/**/*.lab.test.ts"],
		exclude: ["dist/**", "node_modules/**"],
		fileParallelism: false,
		pool: "forks",
		maxWorkers: 1,
		testTimeout: 60_000,
		hookTimeout: 60_000,
		teardownTimeout: 10_000,
		disableConsoleIntercept: true,
	},
});
