// docs/hosts.md says what the lab tests hold the daemon to, row by row and command by command.

import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { fixes, hostTable, situationTable } from "./hosts-table.js";
import { CLONE } from "./readme-section.js";

const document = readFileSync(`${CLONE}docs/hosts.md`, "utf8");

it("has a row for every kind of host", () => {
	expect(document).toContain(`\n${hostTable()}\n`);
});

it("has a row for everything that happens to a host", () => {
	expect(document).toContain(`\n${situationTable()}\n`);
});

it("has the commands that the daemon prints", () => {
	expect(document).toContain(fixes());
});
