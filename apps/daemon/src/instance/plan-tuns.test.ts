import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parseConfigFile } from "../config/load-config-file.js";
import { TunMemory } from "../storage/tun-memory.js";
import type { Tun } from "./choose-tun.js";
import { planTuns } from "./plan-tuns.js";

const NOTHING = { links: [], routes: [], promised: [] };
const NOT_KNOWN = () => null;

/** Clients of these names; `rest` is YAML behind one of them. */
function requestsOf(...names: readonly string[]) {
	const entries = names.map((line, place) => {
		const [name = "", rest = ""] = line.split("|");
		return `  ${name}: { role: client, local: "127.0.0.1:${place + 1}", remote: "h:1"${rest} }\n`;
	});
	return parseConfigFile(`tunnels:\n${entries.join("")}`, "/t.yaml").requests;
}

const addressesIn = (plan: ReadonlyMap<string, Tun>) =>
	Object.fromEntries([...plan].map(([name, { local4 }]) => [name, local4]));

describe("the plan of a file's TUNs", () => {
	it("goes by the file's order, around what is fixed", () => {
		const requests = requestsOf(
			"a",
			"b",
			"c|, tun-local: 192.168.200.3, tun-peer: 192.168.200.4",
		);
		expect(addressesIn(planTuns(requests, NOTHING, NOT_KNOWN))).toEqual({
			a: "192.168.200.1",
			b: "192.168.200.5",
			c: "192.168.200.3",
		});
	});

	it("leaves everybody what they had when one is put in front, and when one goes", () => {
		const first = planTuns(requestsOf("a", "b", "c"), NOTHING, NOT_KNOWN);
		const recall = (name: string) => first.get(name) ?? null;
		const grown = requestsOf("new", "c", "a", "b");
		expect(addressesIn(planTuns(grown, NOTHING, recall))).toEqual({
			...addressesIn(first),
			new: "192.168.200.7",
		});
		const shrunk = planTuns(requestsOf("c", "new"), NOTHING, recall);
		expect(addressesIn(shrunk)).toEqual({
			c: "192.168.200.5",
			new: "192.168.200.1",
		});
	});

	it("gives tunnels whose names begin alike TUNs of their own", () => {
		const names = ["a-very-long-name-1", "a-very-long-name-2"];
		const plan = planTuns(requestsOf(...names), NOTHING, NOT_KNOWN);
		expect([...plan.values()].map(({ name }) => name)).toEqual([
			"ts-a-very-long-",
			"ts-a-very-lon-2",
		]);
	});
});

describe("the memory of TUNs", () => {
	function inFolder(work: (folder: string) => void): void {
		const folder = mkdtempSync(join(tmpdir(), "tunscope-memory-"));
		try {
			work(folder);
		} finally {
			rmSync(folder, { recursive: true });
		}
	}
	const open = (directory: string, configPath = "/t.yaml") => {
		const notices: string[] = [];
		const onNotice = (message: string) => notices.push(message);
		return {
			memory: new TunMemory({ directory, configPath, onNotice }),
			notices,
		};
	};
	const plan = planTuns(requestsOf("a", "b"), NOTHING, NOT_KNOWN);

	it("outlives the process, one file's apart from another's, and forgets who is gone", () =>
		inFolder((folder) => {
			const directory = join(folder, "state");
			open(directory).memory.replace(plan);
			open(directory, "/other.yaml").memory.replace(new Map());
			const { memory, notices } = open(directory);
			expect(memory.recall("b")).toEqual(plan.get("b"));
			expect(open(directory, "/other.yaml").memory.recall("b")).toBeNull();
			memory.replace(new Map([...plan].slice(0, 1)));
			expect(open(directory).memory.recall("b")).toBeNull();
			expect(notices).toEqual([]);
		}));

	it("starts anew from what it cannot read, and says so", () =>
		inFolder((folder) => {
			writeFileSync(join(folder, "tuns.json"), "{ broken");
			const { memory, notices } = open(folder);
			expect(memory.recall("a")).toBeNull();
			expect(notices).toHaveLength(1);
			expect(notices[0]).toContain("--state-dir");
			memory.replace(plan);
			expect(readFileSync(join(folder, "tuns.json"), "utf8")).toContain("ts-a");
		}));

	it("takes no value for a TUN that is none", () =>
		inFolder((folder) => {
			const files = {
				"/t.yaml": { a: { name: "x;reboot" }, b: plan.get("b") },
			};
			const text = JSON.stringify({ version: 1, files });
			writeFileSync(join(folder, "tuns.json"), text);
			const { memory } = open(folder);
			expect(memory.recall("a")).toBeNull();
			expect(memory.recall("b")).toEqual(plan.get("b"));
		}));

	it("does without a disk", () =>
		inFolder((folder) => {
			writeFileSync(join(folder, "file"), "");
			const { memory, notices } = open(join(folder, "file", "state"));
			memory.replace(plan);
			expect(memory.recall("a")).toEqual(plan.get("a"));
			expect(notices.length).toBeGreaterThan(0);
		}));
});
