// The core's tests: all of them, beside the code; how many random cases they take is read here and nowhere else.

import { defineConfig } from "vitest/config";

/** A second or two. CI takes 2.1 million (scripts/stages/stages.mjs), a night 50 million. */
const USUAL_PROPERTY_CASES = 100_000;

/** A whole number from the environment. */
function numberFrom(name: string): number | null {
	const text = process.env[name];
	if (text === undefined || text === "") return null;
	const number = Number(text);
	if (Number.isSafeInteger(number)) return number;
	throw new Error(`${name}=${text}: a whole number is wanted`);
}

export default defineConfig({
	test: {
		include: ["src/**/*.test.ts"],
		provide: {
			propertyCases:
				numberFrom("TUNSCOPE_PROPERTY_CASES") ?? USUAL_PROPERTY_CASES,
			propertySeed: numberFrom("TUNSCOPE_PROPERTY_SEED"),
		},
	},
});
