// Records of vanished namespaces go; those of namespaces that are still there, or in use, or not judgeable, stay.

import {
	existsSync,
	mkdirSync,
	mkdtempSync,
	readdirSync,
	readFileSync,
	rmSync,
	writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { removeVanishedRecords } from "./host-state-record-sweep.js";

const OWN = "4026531840";
const VANISHED = "4026532500";
const HELD = "4026532600";

let folder = "";
let heldAsked = 0;
let held: ReadonlySet<string> | null;
beforeEach(() => {
	folder = mkdtempSync(join(tmpdir(), "tunscope-sweep-"));
	heldAsked = 0;
	held = new Set([OWN, HELD]);
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const recordText = (bootId: string, pid: number) =>
	JSON.stringify({
		version: 1,
		bootId,
		namespaceCookie: "7",
		instances: [
			{
				name: "one",
				pid,
				startTicks: String(pid),
				tableName: "tunscope_one",
				role: "client",
				serverPort: null,
				interfaces: [],
			},
		],
		sysctls: [],
	});

function put(inode: string, text: string): void {
	mkdirSync(join(folder, inode), { recursive: true });
	writeFileSync(join(folder, inode, "state.json"), text);
}

/** Process 1 runs, all others have ended. */
function sweep(whileAsked: () => void = () => undefined): readonly string[] {
	removeVanishedRecords({
		runtimeDirectory: folder,
		ownInode: OWN,
		bootId: "now",
		readStartTicks: (pid) => (pid === 1 ? "1" : null),
		readHeldNamespaces: () => {
			heldAsked += 1;
			whileAsked();
			return held;
		},
	});
	return readdirSync(folder).sort();
}

describe("removeVanishedRecords", () => {
	it("removes the record of a vanished namespace whose instances have ended", () => {
		put(VANISHED, recordText("now", 99));
		expect(sweep()).toEqual([]);
	});

	it("removes its control sockets too", () => {
		put(VANISHED, recordText("now", 99));
		writeFileSync(join(folder, VANISHED, "control-99.sock"), "");
		expect(sweep()).toEqual([]);
	});

	it("keeps it as long as anything holds the namespace", () => {
		put(HELD, recordText("now", 99));
		expect(sweep()).toEqual([HELD]);
	});

	it("keeps it when nobody can tell whether the namespace is there", () => {
		put(VANISHED, recordText("now", 99));
		held = null;
		expect(sweep()).toEqual([VANISHED]);
	});

	it("keeps the record of a running instance without asking further", () => {
		put(VANISHED, recordText("now", 1));
		expect(sweep()).toEqual([VANISHED]);
		expect(heldAsked).toBe(0);
	});

	it("never touches the record of its own namespace", () => {
		held = new Set();
		put(OWN, recordText("now", 99));
		expect(sweep()).toEqual([OWN]);
	});

	it("removes a record of an earlier boot whoever has the inode now, also in a container", () => {
		put(HELD, recordText("before", 1));
		held = null;
		expect(sweep()).toEqual([]);
		expect(heldAsked).toBe(0);
	});

	it("looks at the machine once for many records", () => {
		for (let inode = 100; inode < 150; inode += 1)
			put(String(inode), recordText("now", 99));
		expect(sweep()).toEqual([]);
		expect(heldAsked).toBe(1);
	});

	it("leaves alone what it has not written", () => {
		put(VANISHED, '{"version":2}');
		put("4026532501", "not json");
		mkdirSync(join(folder, "4026532502"));
		mkdirSync(join(folder, "notes"));
		writeFileSync(join(folder, "4026532503"), "a file");
		expect(sweep()).toHaveLength(5);
	});

	it("puts back a record that a new namespace with the same inode writes meanwhile", () => {
		put(VANISHED, recordText("now", 99));
		const newer = recordText("now", 1);
		sweep(() => put(VANISHED, newer));
		const path = join(folder, VANISHED, "state.json");
		expect(readFileSync(path, "utf8")).toBe(newer);
		expect(readdirSync(join(folder, VANISHED))).toEqual(["state.json"]);
	});

	it("survives a folder that is not there", () => {
		rmSync(folder, { recursive: true });
		removeVanishedRecords({
			runtimeDirectory: folder,
			ownInode: OWN,
			bootId: "now",
			readStartTicks: () => null,
			readHeldNamespaces: () => new Set(),
		});
		expect(existsSync(folder)).toBe(false);
	});
});
