// IPv6 forwarding against the real kernel, as it is and as it was before 6.17: default routes, neighbours, other programs.

import { fileURLToPath } from "node:url";
import {
	TUN_ADDRESS_DEFAULTS,
	TUNNEL_DEFAULTS,
	type TunnelConfig,
} from "@tunscope/shared";
import {
	afterAll,
	afterEach,
	beforeAll,
	beforeEach,
	describe,
	expect,
	it,
} from "vitest";
import { removeFirewall } from "./firewall.js";
import { tableNameOf } from "./firewall-rules.js";
import { HostSetup } from "./host-setup.js";
import { HostStateRecord } from "./host-state-record.js";
import {
	type HostStateStore,
	memoryHostStateStore,
} from "./host-state-store.js";
import { listLinks } from "./links.js";
import type { SysctlFiles } from "./sysctl-files.js";
import {
	createNamespace,
	deleteNamespace,
	type Namespace,
	whyNoNamespaces,
} from "./testing/namespaces.js";

const REASON = whyNoNamespaces();
if (REASON !== null)
	console.log(`skipped: IPv6 forwarding in namespaces: ${REASON}`);

const SEND_RA = fileURLToPath(
	new URL(
		"../../src/system/testing/send-router-advertisement.py",
		import.meta.url,
	),
);
const ACCEPT_RA = "net/ipv6/conf/h1/accept_ra";
const ALL = "net/ipv6/conf/all/forwarding";

const SERVER: TunnelConfig = {
	name: "server_4567",
	role: "server",
	listen: { address: "::", port: 4_567 },
	remote: { host: "127.0.0.1", port: 51_820 },
	ipv4Only: false,
	interfaces: ["h1"],
	...TUNNEL_DEFAULTS,
	tun: { ...TUN_ADDRESS_DEFAULTS.server, name: "tun7" },
};

/** left, which is a router for its link – host – right */
let left: Namespace;
let host: Namespace;
let right: Namespace;
let store: HostStateStore;
let isAlive = true;
let notices: string[] = [];

function createRecord(sysctls: SysctlFiles): HostStateRecord {
	return new HostStateRecord({
		store,
		sysctls,
		listLinks: () => listLinks(host.run),
		removeTable: (name) => removeFirewall(host.run, name),
		removeForeignRule: () => Promise.resolve(),
		readStartTicks: () => (isAlive ? "1" : null),
	});
}

async function start(sysctls: SysctlFiles, name = SERVER.name) {
	const record = createRecord(sysctls);
	const outcome = await record.claim({
		name,
		tableNameOf,
		pid: 1,
		startTicks: "1",
		role: "server",
		serverPort: null,
		interfaces: [],
	});
	notices.push(...outcome.notices);
	const setup = new HostSetup({
		config: { ...SERVER, name },
		remotes: [],
		run: host.run,
		sysctls,
		record,
		onNotice: (message) => notices.push(message),
	});
	await setup.configureTun("tun7");
	return { setup, record };
}

async function waitUntil(what: string, isSo: () => boolean): Promise<void> {
	const deadlineMs = performance.now() + 5_000;
	while (!isSo()) {
		if (performance.now() > deadlineMs) throw new Error(`never: ${what}`);
		await new Promise((resolve) => setTimeout(resolve, 20));
	}
}

/** The kernel hears an advertisement at once, but adds the route in a queue of its own. */
function waitForDefaultRoute(device: string): Promise<void> {
	return waitUntil(`a default route by ${device}`, () =>
		defaultRoutes().includes(`dev ${device} proto ra`),
	);
}

function defaultRoutes(): string {
	return host.shell("ip -6 route show default");
}

async function advertise(prefix: string, device = "n0"): Promise<void> {
	await waitUntil(`a link-local address of ${device}`, () =>
		left.shell(`ip -6 address show dev ${device} -tentative`).includes("fe80"),
	);
	left.shell(`/usr/bin/python3 ${SEND_RA} ${device} ${prefix} 1800`);
}

/** Three datagrams from left's side to right's; how many got there. */
function crossing(): number {
	const count = () =>
		Number(/packets (\d+)/.exec(right.shell("nft list chain ip6 t c"))?.[1]);
	const before = count();
	left.shell("for i in 1 2 3; do echo x > /dev/udp/2001:db8:2::2/9; done");
	return count() - before;
}

const guard = () =>
	/ipv6 i\w+ .*oifgroup != 29779/.test(host.shell("nft list ruleset"));

describe.skipIf(REASON !== null)("IPv6 forwarding in a namespace", () => {
	const kernels = (): Readonly<Record<string, SysctlFiles>> => ({
		"this kernel": host.sysctls,
		"a kernel before 6.17": {
			...host.sysctls,
			read: (key) =>
				key.endsWith("/force_forwarding") ? null : host.sysctls.read(key),
		},
	});
	const on = (kernel: string): SysctlFiles => kernels()[kernel] ?? host.sysctls;

	beforeAll(() => {
		[left, host, right] = [
			createNamespace("raleft"),
			createNamespace("rahost"),
			createNamespace("raright"),
		];
		for (const { shell } of [left, host, right])
			shell("echo 0 > /proc/sys/net/ipv6/conf/default/accept_dad");
		for (const [place, neighbour] of [left, right].entries()) {
			const net = place + 1;
			host.shell(
				`ip link add h${net} type veth peer name n0 netns ${neighbour.name}`,
			);
			host.shell(
				`ip address add 2001:db8:${net}::1/64 dev h${net} nodad && ip link set h${net} up`,
			);
			neighbour.shell(
				`ip address add 2001:db8:${net}::2/64 dev n0 nodad && ip link set n0 up`,
			);
		}
		left.shell("ip -6 route add 2001:db8:2::/64 via 2001:db8:1::1");
		right.shell(
			"nft add table ip6 t && nft 'add chain ip6 t c { type filter hook prerouting priority 0; }' && nft add rule ip6 t c udp dport 9 counter",
		);
	});
	afterAll(() => {
		for (const { name } of [left, host, right]) deleteNamespace(name);
	});
	beforeEach(async () => {
		store = memoryHostStateStore({
			version: 1,
			bootId: "",
			namespaceCookie: null,
			instances: [],
			sysctls: [],
		});
		isAlive = true;
		notices = [];
		host.shell("ip tuntap add dev tun7 mode tun");
		await advertise("2001:db8:9::");
		await waitForDefaultRoute("h1");
	});
	afterEach(() => {
		host.shell(
			"ip link del tun7; nft flush ruleset; echo 0 > /proc/sys/net/ipv6/conf/all/forwarding; echo 1 > /proc/sys/net/ipv6/conf/h1/accept_ra",
		);
	});

	describe.each(["this kernel", "a kernel before 6.17"])("on %s", (kernel) => {
		it("keeps the default route by router advertisements, while the tunnel runs and after it", async () => {
			const { setup } = await start(on(kernel));
			expect(defaultRoutes()).toContain("dev h1 proto ra");
			host.shell("ip -6 route del default");
			await advertise("2001:db8:9::");
			await waitForDefaultRoute("h1");
			await setup.undo();
			expect(defaultRoutes()).toContain("dev h1 proto ra");
			expect(host.sysctls.read(ACCEPT_RA)).toBe("1");
			expect(host.sysctls.read(ALL)).toBe("0");
			expect(notices).toEqual([]);
		});

		it("does not make the host a router for a neighbour, and puts all back after a crash too", async () => {
			expect(crossing()).toBe(0);
			const { setup } = await start(on(kernel));
			expect(crossing()).toBe(0);
			expect(host.shell("nft list ruleset")).toMatch(
				/ipv6 i\w+ .*oifgroup != 29779 counter packets 3/,
			);
			isAlive = false;
			const second = createRecord(on(kernel));
			await second.claim({
				name: "client_1",
				tableNameOf,
				pid: 2,
				startTicks: "1",
				role: "client",
				serverPort: null,
				interfaces: [],
			});
			expect(host.shell("nft list ruleset")).toBe("");
			expect(host.sysctls.read(ALL)).toBe("0");
			expect(host.sysctls.read(ACCEPT_RA)).toBe("1");
			expect(crossing()).toBe(0);
			void setup;
		});

		it("gives way to a program that switches forwarding on, at once and after the tunnel's end", async () => {
			const { setup } = await start(on(kernel));
			expect(guard()).toBe(true);
			host.shell("echo 1 > /proc/sys/net/ipv6/conf/all/forwarding");
			await setup.checkForwarding();
			expect(guard()).toBe(false);
			expect(crossing()).toBe(3);
			await setup.undo();
			expect(host.sysctls.read(ALL)).toBe("1");
			expect(crossing()).toBe(3);
		});

		it("changes nothing of IPv6 where the host forwards it already", async () => {
			host.shell("echo 1 > /proc/sys/net/ipv6/conf/all/forwarding");
			const settings = () =>
				host.shell(
					"grep -H . /proc/sys/net/ipv6/conf/*/{accept_ra,forwarding,force_forwarding}",
				);
			const before = settings();
			const { setup } = await start(on(kernel));
			expect(settings()).toBe(before);
			expect(guard()).toBe(false);
			expect(crossing()).toBe(3);
			await setup.undo();
			expect(settings()).toBe(before);
			expect(notices).toEqual([]);
		});
	});

	it("before 6.17 keeps the default route for the second tunnel when the first leaves", async () => {
		const sysctls = on("a kernel before 6.17");
		const { setup } = await start(sysctls);
		const second = await start(sysctls, "server_4568");
		await setup.undo();
		host.shell("ip -6 route del default");
		await advertise("2001:db8:9::");
		await waitForDefaultRoute("h1");
		expect(guard()).toBe(true);
		await second.setup.undo();
		expect(host.sysctls.read(ACCEPT_RA)).toBe("1");
		expect(notices).toEqual([]);
	});

	it("before 6.17 lets an interface that comes later have its default route", async () => {
		const { setup } = await start(on("a kernel before 6.17"));
		host.shell(`ip link add h3 type veth peer name n3 netns ${left.name}`);
		host.shell("ip link set h3 up");
		left.shell("ip link set n3 up");
		await setup.checkForwarding();
		await advertise("2001:db8:10::", "n3");
		await waitForDefaultRoute("h3");
		await setup.undo();
		expect(host.sysctls.read("net/ipv6/conf/h3/accept_ra")).toBe("1");
		host.shell("ip link del h3");
		expect(notices).toEqual([]);
	});
});
