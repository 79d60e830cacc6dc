// Writes docs/man/tunscope.1 from the built command's option table and the documents: npm run man.

import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createProgram } from "../apps/daemon/dist/cli/command-line.js";
import { manPage } from "../apps/daemon/dist/cli/man-page.js";

const DOCUMENTS = new URL("../docs/", import.meta.url);

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
