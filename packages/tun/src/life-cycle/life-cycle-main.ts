// The program of a child, or of a worker: runs the scenario that its last argument names.

import { isScenarioName, SCENARIOS } from "./scenarios.js";

const name = process.argv.at(-1) ?? "";
if (!isScenarioName(name)) {
	throw new Error(`There is no scenario "${name}".`);
}
await SCENARIOS[name]();
