// Tests that need nothing but Node; the kernel tests run as a child of one of them, in a network namespace of its own.

import { defineConfig } from "vitest/config";

export default defineConfig({
	test: {
		name: "tun",
		include: ["src/**/*.test.ts"],
		exclude: ["src/**/*.kernel.test.ts"],
	},
});
