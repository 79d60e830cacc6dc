// Checks who imports whom in the tree at the working directory, by the rules of .dependency-cruiser.mjs; exit code 1 on a violation.

import { existsSync } from "node:fs";
import swc from "@swc/core";

const WORKSPACE_FOLDERS = ["packages", "apps", "e2e", "bench"];

// dependency-cruiser asks swc for plain TypeScript syntax even for .tsx files, on which that parser stops at the
// first element. It takes swc's functions from the same object as we do, so that one more option can be added here.
const parsePlain = swc.parseFileSync.bind(swc);
Object.assign(swc, {
	/** @param {string} file @param {import("@swc/core").ParseOptions} options */
	parseFileSync: (file, options) =>
		parsePlain(
			file,
			file.endsWith(".tsx")
				? { ...options, syntax: "typescript", tsx: true }
				: options,
		),
});

const { cruise } = await import("dependency-cruiser");
const { default: config } = await import("../.dependency-cruiser.mjs");

const folders = WORKSPACE_FOLDERS.filter((folder) => existsSync(folder));
const result = await cruise(folders, {
	...config.options,
	validate: true,
	ruleSet: { forbidden: config.forbidden },
});
if (typeof result.output === "string") {
	throw new Error("dependency-cruiser answered with text instead of a result");
}
const {
	violations,
	totalCruised,
	totalDependenciesCruised = 0,
} = result.output.summary;

const teaching = new Map(
	config.forbidden.map((rule) => [rule.name, rule.comment]),
);
for (const violation of violations) {
	const path = [
		violation.from,
		...(violation.cycle ?? []).map((step) => step.name),
	];
	const route =
		path.length > 1
			? path.join(" -> ")
			: `${violation.from} -> ${violation.to}`;
	console.error(
		`${violation.rule.name}: ${route}\n    ${teaching.get(violation.rule.name)}`,
	);
}

// A parser that reads nothing finds nothing wrong: that is a failure, not a pass.
const hasReadSomething = totalCruised > 0 && totalDependenciesCruised > 0;
if (!hasReadSomething) {
	console.error(
		"check-dependencies: no import was read. Is @swc/core installed (npm ci), and is this the top folder?",
	);
}
console.log(
	`check-dependencies: ${totalCruised} modules, ${totalDependenciesCruised} imports, ${violations.length} violations`,
);
process.exitCode = violations.length > 0 || !hasReadSomething ? 1 : 0;
