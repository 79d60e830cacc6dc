// Unit tests of the benchmark's pure parts: no root, no namespaces, no addon.
import { defineConfig } from "vitest/config";

export default defineConfig({
	test: {
		include: ["src/**/*.test.ts"],
	},
});
