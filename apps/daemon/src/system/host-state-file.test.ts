// Whose a record is: by boot and namespace cookie, and by the inode alone where one side knows no cookie.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { readHostState, writeHostState } from "./host-state-file.js";

let directory = "";
beforeEach(() => {
	directory = mkdtempSync(join(tmpdir(), "tunscope-state-"));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const path = () => join(directory, "state.json");

function writeRecordOf(namespaceCookie: string | null): void {
	const identity = { bootId: "boot-1", namespaceCookie };
	const state = readHostState(directory, identity);
	state.instances.push({
		name: "one",
		pid: 1,
		startTicks: "1",
		tableName: "tunscope_one",
		role: "client",
		serverPort: null,
		interfaces: [],
		tun: { name: "", addresses: [] },
		foreignRules: [],
	});
	writeHostState(directory, state);
}

function readAs(bootId: string, namespaceCookie: string | null) {
	const state = readHostState(directory, { bootId, namespaceCookie });
	return {
		instances: state.instances.length,
		namespaceCookie: state.namespaceCookie,
	};
}

describe("readHostState", () => {
	it.each([
		{ written: "41", bootId: "boot-1", cookie: "41", instances: 1, kept: "41" },
		{ written: "41", bootId: "boot-1", cookie: "42", instances: 0, kept: "42" },
		{ written: "41", bootId: "boot-2", cookie: "41", instances: 0, kept: "41" },
		{ written: null, bootId: "boot-1", cookie: "42", instances: 1, kept: "42" },
		{ written: "41", bootId: "boot-1", cookie: null, instances: 1, kept: "41" },
		{ written: null, bootId: "boot-1", cookie: null, instances: 1, kept: null },
	])(
		"a record of cookie $written, read at $bootId with $cookie, has $instances instances",
		({ written, bootId, cookie, instances, kept }) => {
			writeRecordOf(written);
			const expected = { instances, namespaceCookie: kept };
			expect(readAs(bootId, cookie)).toEqual(expected);
		},
	);

	it("reads a record of a version that knew no cookies", () => {
		writeRecordOf(null);
		const old = readFileSync(path(), "utf8").replace(
			/\s*"namespaceCookie": null,/,
			"",
		);
		expect(old).not.toContain("ookie");
		writeFileSync(path(), old);
		expect(readAs("boot-1", "42")).toEqual({
			instances: 1,
			namespaceCookie: "42",
		});
	});
});
