// All unit tests in one run: every workspace by its own configuration, and the tools' tests beside them.

import { defineConfig } from "vitest/config";

export default defineConfig({
	test: {
		projects: [
			"packages/*",
			"apps/*",
			"e2e/vitest.config.ts",
			"bench",
			{
				test: {
					name: "tools",
					include: ["tools/**/*.test.ts", "scripts/**/*.test.ts"],
					testTimeout: 60_000,
				},
			},
		],
	},
});
