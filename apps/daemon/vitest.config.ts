// Unit tests of the daemon run against the sources of the workspace packages, so that no build has to come first.

import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

function sourceOf(packageFolder: string): string {
	return fileURLToPath(
		new URL(`../../packages/${packageFolder}/src/index.ts`, import.meta.url),
	);
}

export default defineConfig({
	resolve: {
		alias: {
			"@tunscope/fake-tcp": sourceOf("fake-tcp"),
			"@tunscope/shared": sourceOf("shared"),
			"@tunscope/tun": sourceOf("tun"),
		},
	},
	test: { include: ["src/**/*.test.ts"], testTimeout: 15_000 },
});
