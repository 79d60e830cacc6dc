// Tests against the real kernel: root, /dev/net/tun, and a network namespace that may be spoiled.

import { defineConfig } from "vitest/config";

export default defineConfig({
	test: {
		include: ["src/**/*.kernel.test.ts"],
		// One namespace: device names and forwarding would collide.
		fileParallelism: false,
		testTimeout: 20_000,
	},
});
