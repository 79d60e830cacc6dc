import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { tableNameOf } from "./firewall-rules.js";
import type { ForeignRuleRow } from "./foreign-firewall/foreign-rule.js";
import { planForwarding } from "./forwarding-plan.js";
import type { SysctlRow } from "./host-state.js";
import { HostStateRecord } from "./host-state-record.js";
import { fileHostStateStore } from "./host-state-store.js";
import type { Link } from "./links.js";
import {
	createMemorySysctls,
	type MemorySysctls,
} from "./testing/memory-sysctls.js";

const FORWARDING = "net/ipv4/conf/eth0/forwarding";

const ETH0: Link = {
	index: 2,
	name: "eth0",
	linkMtuBytes: 1_500,
	isUp: true,
	isLoopback: false,
	isOurTun: false,
	kind: "",
	identity: "2/02:00:00:00:00:01",
	addresses: [],
};

let directory = "";
let sysctls: MemorySysctls;
let links: Link[];
let alive: Map<number, string>;
let removedTables: string[];
let removedRules: ForeignRuleRow[];

beforeEach(() => {
	directory = join(
		mkdtempSync(join(tmpdir(), "tunscope-record-")),
		"run",
		"4026531840",
	);
	sysctls = createMemorySysctls({
		"net/ipv4/conf/all/forwarding": "0",
		"net/ipv4/conf/default/forwarding": "0",
		[FORWARDING]: "0",
		"net/ipv4/conf/tun0/forwarding": "0",
		"net/ipv6/conf/all/forwarding": "0",
		"net/ipv6/conf/eth0/forwarding": "0",
		"net/ipv6/conf/wlan0/forwarding": "1",
		"net/ipv6/conf/eth0/accept_ra": "1",
	});
	links = [ETH0];
	alive = new Map();
	removedTables = [];
	removedRules = [];
});
afterEach(() =>
	rmSync(join(directory, "..", ".."), { recursive: true, force: true }),
);

function createRecord(
	bootId = "boot-1",
	namespaceCookie: string | null = "41",
): HostStateRecord {
	return new HostStateRecord({
		store: fileHostStateStore(directory, {
			bootId,
			namespaceCookie,
		}),
		sysctls,
		listLinks: () => Promise.resolve(links),
		removeTable: (name) => {
			removedTables.push(name);
			return Promise.resolve();
		},
		removeForeignRule: (row) => {
			removedRules.push(row);
			return Promise.resolve();
		},
		readStartTicks: (pid) => alive.get(pid) ?? null,
	});
}

const stateText = () => readFileSync(join(directory, "state.json"), "utf8");

async function claim(record: HostStateRecord, name: string, pid: number) {
	alive.set(pid, `ticks-${pid}`);
	return record.claim({
		name,
		tableNameOf,
		pid,
		startTicks: `ticks-${pid}`,
		role: "client",
		serverPort: null,
		interfaces: [],
	});
}

async function claimServer(
	record: HostStateRecord,
	pid: number,
	interfaces: readonly string[],
) {
	alive.set(pid, "1");
	const name = `server_${pid}`;
	return record.claim({
		name,
		tableNameOf,
		pid,
		startTicks: "1",
		role: "server",
		serverPort: 4_567,
		interfaces,
	});
}

function wishes(family: "ipv4" | "ipv6" = "ipv4") {
	const none: readonly string[] = [];
	const interfaces = { ipv4: none, ipv6: none, [family]: ["eth0"] };
	return planForwarding({ tunName: "tun0", interfaces }, sysctls);
}

const acquire = (
	record: HostStateRecord,
	user: string,
	family: "ipv4" | "ipv6" = "ipv4",
) => record.acquireSysctls(user, wishes(family), () => Promise.resolve());

describe("host-state record", () => {
	it("shows what others have claimed to the one who chooses its TUN, one at a time", async () => {
		const record = createRecord();
		const seen: string[][] = [];
		const claimWithTun = (name: string) => {
			alive.set(1, "1");
			return record.claim({
				name,
				tableNameOf,
				pid: 1,
				startTicks: "1",
				role: "client",
				serverPort: null,
				interfaces: [],
				chooseTun: async (promised) => {
					seen.push(promised.map((tun) => tun.name));
					await new Promise((resolve) => setImmediate(resolve));
					return { name: `tun-${promised.length}`, addresses: [] };
				},
			});
		};
		const names = ["a", "b", "c"];
		await Promise.all(names.map(claimWithTun));
		expect(seen.map((tuns) => tuns.length)).toEqual([0, 1, 2]);
		expect(new Set(seen.flat())).toEqual(new Set(["tun-0", "tun-1"]));
		for (const name of names) await record.unclaim(name);
	});

	it("gives no two instances one table, whatever their names are", async () => {
		const record = createRecord();
		expect((await claim(record, "a-b", 1)).name).toBe("a-b");
		expect((await claim(record, "a_b", 2)).name).toBe("a_b_2");
		await record.unclaim("a-b");
		await record.unclaim("a_b_2");
	});

	it("records the value from before, shows the rows, and only then writes", async () => {
		const record = createRecord();
		await claim(record, "one", 1);
		let seen: readonly SysctlRow[] = [];
		await record.acquireSysctls("one", wishes(), (rows) => {
			seen = rows;
			expect(sysctls.writes).toEqual([]);
			expect(readFileSync(join(directory, "state.json"), "utf8")).toContain(
				FORWARDING,
			);
			return Promise.resolve();
		});
		expect(seen).toMatchObject([
			{ key: FORWARDING, before: "0", ours: "2", needsGuard: true },
		]);
		expect(sysctls.read(FORWARDING)).toBe("2");
	});

	it("restores everything and leaves no file when the last instance goes", async () => {
		const record = createRecord();
		await claim(record, "one", 1);
		await acquire(record, "one");
		expect(await record.releaseSysctls("one")).toEqual([]);
		await record.unclaim("one");
		expect(sysctls.read(FORWARDING)).toBe("0");
		expect(() => readFileSync(join(directory, "state.json"))).toThrow(/ENOENT/);
		expect(() => readFileSync(directory)).toThrow(/ENOENT/);
	});

	it("counts users: the first of two to leave restores nothing, the last everything", async () => {
		const record = createRecord();
		await claim(record, "one", 1);
		await claim(record, "two", 2);
		await acquire(record, "one");
		await acquire(record, "two");
		await record.releaseSysctls("one");
		expect(sysctls.read(FORWARDING)).toBe("2");
		await record.releaseSysctls("two");
		expect(sysctls.read(FORWARDING)).toBe("0");
	});

	it("undoes what a dead instance left, at the next start", async () => {
		const record = createRecord();
		await claim(record, "one", 1);
		await acquire(record, "one");
		alive.delete(1);
		const { name, notices } = await claim(createRecord(), "one", 2);
		expect(name).toBe("one");
		expect(notices).toEqual([expect.stringContaining("process 1")]);
		expect(sysctls.read(FORWARDING)).toBe("0");
		expect(removedTables).toEqual(["tunscope_one"]);
	});

	it("removes a dead instance's rules in tables of others, as they are on record", async () => {
		const rows: ForeignRuleRow[] = [
			{
				owner: "iptables",
				family: "ip",
				table: "filter",
				chain: "DOCKER-USER",
				words: ["-i", "tun0", "-j", "ACCEPT"],
				tag: "tunscope_one",
			},
		];
		const record = createRecord();
		await claim(record, "one", 1);
		await claim(record, "other", 3);
		await record.recordForeignRules("one", rows);
		expect(removedRules).toEqual([]);
		alive.delete(1);
		await claim(createRecord(), "two", 2);
		expect(removedRules).toEqual(rows);
	});

	it("takes no table away from an operator whose instance made none", async () => {
		alive.set(1, "1");
		await createRecord().claim({
			name: "one",
			tableNameOf: null,
			pid: 1,
			startTicks: "1",
			role: "client",
			serverPort: null,
			interfaces: [],
		});
		alive.delete(1);
		expect((await claim(createRecord(), "one", 2)).notices).toHaveLength(1);
		expect(removedTables).toEqual([]);
	});

	it("takes a process of the same number but another start for dead", async () => {
		await claim(createRecord(), "one", 1);
		alive.set(1, "another start");
		expect(
			(
				await createRecord().claim({
					name: "one",
					tableNameOf,
					pid: 9,
					startTicks: "9",
					role: "client",
					serverPort: null,
					interfaces: [],
				})
			).notices,
		).toHaveLength(1);
	});

	it("keeps what a live instance needs when it cleans up after a dead one", async () => {
		const record = createRecord();
		await claim(record, "one", 1);
		await claim(record, "two", 2);
		await acquire(record, "one");
		await acquire(record, "two");
		alive.delete(1);
		await claim(record, "three", 3);
		expect(sysctls.read(FORWARDING)).toBe("2");
		await record.releaseSysctls("two");
		expect(sysctls.read(FORWARDING)).toBe("0");
	});

	it("leaves a value alone that somebody has changed, and says so", async () => {
		sysctls.values.set("net/ipv6/conf/eth0/accept_ra", "1");
		const record = createRecord();
		await claim(record, "one", 1);
		await acquire(record, "one", "ipv6");
		sysctls.values.set("net/ipv6/conf/eth0/accept_ra", "0");
		expect(await record.releaseSysctls("one")).toEqual([
			expect.stringContaining("accept_ra was 1"),
		]);
		expect(sysctls.read("net/ipv6/conf/eth0/accept_ra")).toBe("0");
	});

	it("before Linux 6.17 switches all of IPv6 on, accept_ra first, and restores interfaces that forwarded by themselves", async () => {
		const record = createRecord();
		await claim(record, "one", 1);
		await acquire(record, "one", "ipv6");
		expect(sysctls.writes).toEqual([
			"net/ipv6/conf/eth0/accept_ra=2",
			"net/ipv6/conf/all/forwarding=2",
		]);
		await record.releaseSysctls("one");
		expect(sysctls.read("net/ipv6/conf/all/forwarding")).toBe("0");
		expect(sysctls.read("net/ipv6/conf/eth0/forwarding")).toBe("0");
		expect(sysctls.read("net/ipv6/conf/wlan0/forwarding")).toBe("1");
		expect(sysctls.read("net/ipv6/conf/eth0/accept_ra")).toBe("1");
	});

	it("does not touch a new interface that took a dead one's name", async () => {
		const record = createRecord();
		await claim(record, "one", 1);
		await acquire(record, "one");
		links = [{ ...ETH0, identity: "9/02:00:00:00:00:99" }];
		expect(await record.releaseSysctls("one")).toEqual([]);
		expect(sysctls.read(FORWARDING)).toBe("2");
	});

	it("forgets a record of an earlier boot", async () => {
		const record = createRecord();
		await claim(record, "one", 1);
		await acquire(record, "one");
		alive.clear();
		const { notices } = await claim(createRecord("boot-2"), "one", 2);
		expect(notices).toEqual([]);
		expect(removedTables).toEqual([]);
	});

	it("forgets a record of another namespace that had the same inode, and changes nothing for it", async () => {
		// Before Linux 6.17: a setting of the whole host, which no interface's identity protects.
		const record = createRecord("boot-1", "41");
		await claim(record, "one", 1);
		await acquire(record, "one", "ipv6");
		alive.clear();
		sysctls.writes.length = 0;
		const later = createRecord("boot-1", "42");
		const { name, notices } = await claim(later, "one", 2);
		expect({ name, notices }).toEqual({ name: "one", notices: [] });
		expect(removedTables).toEqual([]);
		expect(sysctls.writes).toEqual([]);
		expect(await later.releaseSysctls("one")).toEqual([]);
		expect(sysctls.writes).toEqual([]);
		expect(stateText()).toContain('"namespaceCookie": "42"');
	});

	it("gives the second of two instances of one name another name", async () => {
		const record = createRecord();
		expect((await claim(record, "one", 1)).name).toBe("one");
		expect((await claim(record, "one", 2)).name).toBe("one_2");
	});

	it("refuses two servers on one port unless their interfaces differ", async () => {
		const record = createRecord();
		await claimServer(record, 1, ["eth0"]);
		await claimServer(record, 2, ["eth1"]);
		await expect(claimServer(record, 3, [])).rejects.toMatchObject({
			code: "SERVER_PORT_CLASH",
		});
		await expect(
			claimServer(record, 4, ["eth1", "eth2"]),
		).rejects.toMatchObject({ code: "SERVER_PORT_CLASH" });
	});

	it("keeps two processes that work on it at once from losing each other's entries", async () => {
		const names = Array.from({ length: 12 }, (_, place) => `tunnel_${place}`);
		await Promise.all(
			names.map((name, place) => claim(createRecord(), name, place + 1)),
		);
		const text = readFileSync(join(directory, "state.json"), "utf8");
		for (const name of names) expect(text).toContain(`"${name}"`);
	});

	it("refuses a file that it has not written, rather than forgetting what is in it", async () => {
		await claim(createRecord(), "one", 1);
		for (const content of ["", "{}", '{"version":2}', "not json"]) {
			writeFileSync(join(directory, "state.json"), content);
			await expect(claim(createRecord(), "two", 2)).rejects.toMatchObject({
				code: "STATE_FILE_UNUSABLE",
			});
		}
	});
});
