// Writes docs/man/tunscope.1 from the built command's option table and the documents: npm run man.

import { mkdirSync, readFileSync, writeFileSync } from "node:fs";

const DOCUMENTS = new URL("../docs/", import.meta.url);
const BUILT_COMMAND = new URL("../apps/daemon/dist/cli/", import.meta.url);

// By computed names: types are checked before anything is built.
const { createProgram } = await import(
	new URL("command-line.js", BUILT_COMMAND).href
);
const { manPage } = await import(new URL("man-page.js", BUILT_COMMAND).href);

/** @param {string} name */
const document = (name) => readFileSync(new URL(name, DOCUMENTS), "utf8");

mkdirSync(new URL("man/", DOCUMENTS), { recursive: true });
writeFileSync(
	new URL("man/tunscope.1", DOCUMENTS),
	manPage({
		program: createProgram({
			version: "",
			onOutcome: () => undefined,
			output: {},
		}),
		exitCodes: document("exit-codes.md"),
		commandLine: document("command-line.md"),
	}),
);
