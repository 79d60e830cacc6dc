// Unit tests of the benchmark's pure parts: no root, no namespaces, no addon, no build before them.

import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

export default defineConfig({
	resolve: {
		alias: {
			"@tunscope/fake-tcp": fileURLToPath(
				new URL("../packages/fake-tcp/src/index.ts", import.meta.url),
			),
		},
	},
	test: { include: ["src/**/*.test.ts"] },
});
