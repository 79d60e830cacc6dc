// Unit tests of the lab's pure parts: no root, no namespaces, no addon.
import { defineConfig } from "vitest/config";

export default defineConfig({
	test: {
		include: ["src/**/*.test.ts"],
		exclude: ["src/**/*.lab.test.ts", "dist/**", "node_modules/**"],
	},
});
