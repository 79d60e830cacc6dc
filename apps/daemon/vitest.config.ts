// Unit tests of the daemon run against the sources of the workspace packages, so that no build has to come first.

import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

function alias(packageName: string, source: string) {
	const path = new URL(`../../packages/${source}`, import.meta.url);
	return {
		find: new RegExp(`^@tunscope/${packageName}$`),
		replacement: fileURLToPath(path),
	};
}

export default defineConfig({
	resolve: {
		alias: [
			alias("fake-tcp", "fake-tcp/src/index.ts"),
			alias("shared", "shared/src/index.ts"),
			alias("shared/lean", "shared/src/lean.ts"),
			alias(
				"shared/anomaly-catalogue",
				"shared/src/anomaly/anomaly-catalogue.ts",
			),
			alias("tun", "tun/src/index.ts"),
		],
	},
	test: { include: ["src/**/*.test.ts"], testTimeout: 15_000 },
});
