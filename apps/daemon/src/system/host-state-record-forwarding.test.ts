// Forwarding on record: never more than needed, never less than another tunnel or program still needs.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { tableNameOf } from "./firewall-rules.js";
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

let folder = "";
let sysctls: MemorySysctls;
let links: Link[];
let alive: Set<number>;

beforeEach(() => {
	folder = mkdtempSync(join(tmpdir(), "tunscope-forwarding-"));
	sysctls = createMemorySysctls({
		"net/ipv4/conf/all/forwarding": "0",
		[FORWARDING]: "0",
		"net/ipv4/conf/tun0/forwarding": "0",
		"net/ipv6/conf/all/forwarding": "0",
		"net/ipv6/conf/eth0/forwarding": "0",
		"net/ipv6/conf/eth0/accept_ra": "1",
	});
	links = [ETH0];
	alive = new Set();
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function createRecord(): HostStateRecord {
	return new HostStateRecord({
		store: fileHostStateStore(join(folder, "1"), {
			bootId: "this boot",
			namespaceCookie: null,
		}),
		sysctls,
		listLinks: () => Promise.resolve(links),
		removeTable: () => Promise.resolve(),
		removeForeignRule: () => Promise.resolve(),
		readStartTicks: (pid) => (alive.has(pid) ? "1" : null),
	});
}

function claim(record: HostStateRecord, name: string, pid: number) {
	alive.add(pid);
	return record.claim({
		name,
		tableNameOf,
		pid,
		startTicks: "1",
		role: "client",
		serverPort: null,
		interfaces: [],
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

describe("forwarding on record", () => {
	it("packet case 65: before Linux 6.17 counts the users of accept_ra, so that the second tunnel keeps the default route", async () => {
		const record = createRecord();
		await claim(record, "one", 1);
		await claim(record, "two", 2);
		await acquire(record, "one", "ipv6");
		await acquire(record, "two", "ipv6");
		await record.releaseSysctls("one");
		expect(sysctls.read("net/ipv6/conf/eth0/accept_ra")).toBe("2");
		expect(sysctls.read("net/ipv6/conf/all/forwarding")).toBe("2");
		await record.releaseSysctls("two");
		expect(sysctls.read("net/ipv6/conf/eth0/accept_ra")).toBe("1");
		expect(sysctls.read("net/ipv6/conf/all/forwarding")).toBe("0");
	});

	it.each([
		["before Linux 6.17", {}],
		[
			"since Linux 6.17",
			{
				"net/ipv6/conf/all/force_forwarding": "0",
				"net/ipv6/conf/eth0/force_forwarding": "0",
				"net/ipv6/conf/tun0/force_forwarding": "0",
			},
		],
	] as const)(
		"%s changes and guards nothing of IPv6 on a host that forwards it already",
		async (_, more) => {
			for (const [key, value] of Object.entries(more))
				sysctls.values.set(key, value);
			sysctls.values.set("net/ipv6/conf/all/forwarding", "1");
			const record = createRecord();
			await claim(record, "one", 1);
			const rows: SysctlRow[] = [];
			await record.acquireSysctls("one", wishes("ipv6"), (used) => {
				rows.push(...used);
				return Promise.resolve();
			});
			expect({ rows, writes: sysctls.writes }).toEqual({
				rows: [],
				writes: [],
			});
		},
	);

	it("before Linux 6.17 knows by the value that somebody else wants forwarding too, leaves it on, and the default route with it", async () => {
		const record = createRecord();
		await claim(record, "one", 1);
		await acquire(record, "one", "ipv6");
		sysctls.write("net/ipv6/conf/all/forwarding", "1");
		const rows: SysctlRow[] = [];
		const notices = await record.acquireSysctls(
			"one",
			wishes("ipv6"),
			(used) => {
				rows.splice(0, rows.length, ...used);
				return Promise.resolve();
			},
		);
		expect(rows).toEqual([]);
		expect(notices).toEqual([expect.stringContaining("default route")]);
		expect(await record.releaseSysctls("one")).toEqual([]);
		expect(sysctls.read("net/ipv6/conf/all/forwarding")).toBe("1");
		expect(sysctls.read("net/ipv6/conf/eth0/accept_ra")).toBe("2");
	});

	it("leaves IPv6 forwarding on that somebody else wanted before a crash was cleaned up", async () => {
		const record = createRecord();
		await claim(record, "one", 1);
		await acquire(record, "one", "ipv6");
		sysctls.write("net/ipv6/conf/all/forwarding", "1");
		alive.delete(1);
		const { notices } = await claim(createRecord(), "two", 2);
		expect(notices.slice(1)).toEqual([
			expect.stringContaining("all.forwarding stays 1"),
			expect.stringContaining("accept_ra was 1 and stays 2"),
		]);
		expect(sysctls.read("net/ipv6/conf/all/forwarding")).toBe("1");
	});

	it("gives back the interface that is no longer needed, and its guard after it", async () => {
		sysctls.values.set("net/ipv4/conf/eth1/forwarding", "0");
		links.push({ ...ETH0, index: 3, name: "eth1", identity: "3/eth1" });
		const record = createRecord();
		await claim(record, "one", 1);
		await acquire(record, "one");
		const guarded: string[] = [];
		const moved = planForwarding(
			{ tunName: "tun0", interfaces: { ipv4: ["eth1"], ipv6: [] } },
			sysctls,
		);
		await record.acquireSysctls("one", moved, (used) => {
			const names = used.map(({ interfaceName }) => interfaceName).join(" ");
			guarded.push(`${names}, eth0 forwards: ${sysctls.read(FORWARDING)}`);
			return Promise.resolve();
		});
		expect(guarded).toEqual([
			"eth0 eth1, eth0 forwards: 2",
			"eth1, eth0 forwards: 0",
		]);
		await record.releaseSysctls("one");
		expect(sysctls.read("net/ipv4/conf/eth1/forwarding")).toBe("0");
	});

	it("keeps what it has while there is no path at all", async () => {
		const record = createRecord();
		await claim(record, "one", 1);
		await acquire(record, "one");
		const none = { tunName: "tun0", interfaces: { ipv4: [], ipv6: [] } };
		await record.acquireSysctls("one", planForwarding(none, sysctls), () =>
			Promise.resolve(),
		);
		expect(sysctls.read(FORWARDING)).toBe("2");
	});

	it("never puts a value back that conf.all.forwarding has taken over", async () => {
		const record = createRecord();
		await claim(record, "one", 1);
		await acquire(record, "one");
		sysctls.write("net/ipv4/conf/all/forwarding", "1");
		expect(await record.releaseSysctls("one")).toEqual([
			expect.stringContaining("stays 1"),
		]);
		expect(sysctls.read(FORWARDING)).toBe("1");
	});

	it("never puts a value back that somebody has switched on for this interface alone since", async () => {
		const record = createRecord();
		await claim(record, "one", 1);
		await acquire(record, "one");
		sysctls.write(FORWARDING, "1");
		expect(await record.releaseSysctls("one")).toEqual([
			expect.stringContaining("stays 1"),
		]);
		expect(sysctls.read(FORWARDING)).toBe("1");
	});

	it("forgets a taken-over value for good, also when forwarding is switched off again later", async () => {
		const record = createRecord();
		await claim(record, "one", 1);
		await acquire(record, "one");
		sysctls.write("net/ipv4/conf/all/forwarding", "1");
		await acquire(record, "one");
		sysctls.write("net/ipv4/conf/all/forwarding", "0");
		sysctls.writes.length = 0;
		expect(await record.releaseSysctls("one")).toEqual([]);
		expect(sysctls.writes).toEqual([]);
	});

	it("gives every user the guard, whoever switched forwarding on", async () => {
		const record = createRecord();
		await claim(record, "one", 1);
		await claim(record, "two", 2);
		await acquire(record, "one");
		let rows: readonly SysctlRow[] = [];
		await record.acquireSysctls("two", wishes(), (used) => {
			rows = used;
			return Promise.resolve();
		});
		expect(rows).toMatchObject([{ key: FORWARDING, needsGuard: true }]);
	});

	it("records nothing where forwarding was on already, and leaves it on", async () => {
		sysctls.values.set(FORWARDING, "1");
		const record = createRecord();
		await claim(record, "one", 1);
		await acquire(record, "one");
		await record.releaseSysctls("one");
		expect(sysctls.read(FORWARDING)).toBe("1");
	});
});
