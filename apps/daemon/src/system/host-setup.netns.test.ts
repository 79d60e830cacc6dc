// Against the real kernel: what host set-up makes in a namespace of its own, and that nothing of it stays.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
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
import { removeForeignRule } from "./foreign-firewall/foreign-rule.js";
import { HostSetup } from "./host-setup.js";
import { HostStateRecord } from "./host-state-record.js";
import { fileHostStateStore } from "./host-state-store.js";
import { listLinks } from "./links.js";
import {
	createNamespace,
	deleteNamespace,
	type Namespace,
	whyNoNamespaces,
} from "./testing/namespaces.js";

const REASON = whyNoNamespaces();
if (REASON !== null)
	console.log(`skipped: host set-up in namespaces: ${REASON}`);

const CONFIGS: Readonly<Record<TunnelConfig["role"], TunnelConfig>> = {
	server: {
		name: "server_4567",
		role: "server",
		listen: { address: "::", port: 4_567 },
		remote: { host: "127.0.0.1", port: 51_820 },
		tun: { name: "", ...TUN_ADDRESS_DEFAULTS.server },
		ipv4Only: false,
		interfaces: [],
		...TUNNEL_DEFAULTS,
	},
	client: {
		name: "client_51821",
		role: "client",
		listen: { address: "127.0.0.1", port: 51_821 },
		remote: { host: "198.18.1.2", port: 4_567 },
		tun: { name: "", ...TUN_ADDRESS_DEFAULTS.client },
		ipv4Only: false,
		interfaces: [],
		...TUNNEL_DEFAULTS,
	},
};

const REMOTES = [
	{ family: 4, address: "198.18.1.2", port: 4_567 },
	{ family: 6, address: "2001:db8:1::2", port: 4_567 },
] as const;

/** left (198.18.1.2) – host (198.18.1.1, 198.18.2.1) – right (198.18.2.2) */
let left: Namespace;
let host: Namespace;
let right: Namespace;
let folder = "";
let isAlive = true;
let notices: string[] = [];

function createRecord(): HostStateRecord {
	return new HostStateRecord({
		store: fileHostStateStore(join(folder, "1"), {
			bootId: "this boot",
			namespaceCookie: null,
		}),
		sysctls: host.sysctls,
		listLinks: () => listLinks(host.run),
		removeTable: (name) => removeFirewall(host.run, name),
		removeForeignRule: (row) => removeForeignRule(host.run, row),
		readStartTicks: () => (isAlive ? "1" : null),
	});
}

async function claim(config: TunnelConfig): Promise<HostStateRecord> {
	const record = createRecord();
	const outcome = await record.claim({
		name: config.name,
		tableNameOf,
		pid: 1,
		startTicks: "1",
		role: config.role,
		serverPort: null,
		interfaces: [],
	});
	notices.push(...outcome.notices);
	return record;
}

async function setUp(config: TunnelConfig): Promise<HostSetup> {
	const record = await claim(config);
	return new HostSetup({
		config,
		remotes: REMOTES,
		run: host.run,
		sysctls: host.sysctls,
		record,
		onNotice: (message) => notices.push(message),
	});
}

/** Everything that must be as before: addresses, routes, rules, forwarding. Life times and counters left out. */
function snapshot(): string {
	return [
		"ip -br address show",
		"ip -4 route show table all",
		"ip -6 route show table all",
		"nft list ruleset",
		"grep -H . /proc/sys/net/ipv[46]/conf/*/*forwarding /proc/sys/net/ipv6/conf/*/accept_ra | grep -v tun",
	]
		.map((line) => host.shell(`${line} || true`))
		.join("\n");
}

/** Replaces the TUN by one that nobody reads: enough for addresses and rules. */
function openTun(name: string): void {
	host.shell(`ip tuntap add dev ${name} mode tun`);
}

function closeTun(name: string): void {
	host.shell(`ip link del ${name}`);
}

describe.skipIf(REASON !== null)("host set-up in a namespace", () => {
	beforeAll(() => {
		[left, host, right] = [
			createNamespace("left"),
			createNamespace("host"),
			createNamespace("right"),
		];
		for (const [place, neighbour] of [left, right].entries()) {
			const net = place + 1;
			host.shell(
				`ip link add h${net} type veth peer name n0 netns ${neighbour.name}`,
			);
			// Link-local addresses appear when they like, and snapshots would differ by them.
			host.shell(`ip link set h${net} addrgenmode none`);
			host.shell(
				`ip address add 198.18.${net}.1/24 dev h${net} && ip address add 2001:db8:${net}::1/64 dev h${net} nodad && ip link set h${net} up`,
			);
			neighbour.shell(
				`ip address add 198.18.${net}.2/24 dev n0 && ip address add 2001:db8:${net}::2/64 dev n0 nodad && ip link set n0 up`,
			);
			neighbour.shell(
				`ip route add default via 198.18.${net}.1 && ip -6 route add default via 2001:db8:${net}::1`,
			);
		}
		host.shell("ip link set h1 mtu 1400");
	});
	afterAll(() => {
		for (const { name } of [left, host, right]) deleteNamespace(name);
	});
	beforeEach(() => {
		folder = mkdtempSync(join(tmpdir(), "tunscope-netns-"));
		isAlive = true;
		notices = [];
		openTun("tun7");
	});
	afterEach(() => {
		rmSync(folder, { recursive: true, force: true });
		if (host.shell("ls /sys/class/net").includes("tun7")) closeTun("tun7");
	});

	it.each(["server", "client"] as const)(
		"%s: makes addresses, rules and forwarding, and undoes them",
		async (role) => {
			closeTun("tun7");
			const before = snapshot();
			openTun("tun7");
			const setup = await setUp(CONFIGS[role]);
			expect(await setup.configureTun("tun7")).toEqual({ linkMtuBytes: 1_400 });
			const { local4, peer4, local6, peer6 } = CONFIGS[role].tun;
			expect(host.shell("ip address show dev tun7")).toMatch(
				new RegExp(`${local4} peer ${peer4}/32[^]*${local6} peer ${peer6}/128`),
			);
			expect(host.shell("ip link show dev tun7")).toContain("mtu 1500");
			expect(host.shell("ip -d link show dev tun7")).toContain("group 29779");
			expect(host.shell(`ip -6 route get ${peer6}`)).toContain("dev tun7");
			expect(host.shell("nft list ruleset")).toContain(
				`table inet ${tableNameOf(CONFIGS[role].name)}`,
			);
			expect(host.sysctls.read("net/ipv4/conf/tun7/forwarding")).toBe("1");
			expect(host.sysctls.read("net/ipv4/conf/h1/forwarding")).toBe("2");
			expect(host.sysctls.read("net/ipv4/conf/all/forwarding")).toBe("0");
			closeTun("tun7");
			await setup.undo();
			await setup.undo();
			expect(snapshot()).toBe(before);
			expect(notices).toEqual([]);
		},
	);

	it("packet case 68: undoes at the next start what a killed process left", async () => {
		closeTun("tun7");
		const before = snapshot();
		openTun("tun7");
		const killed = await setUp(CONFIGS.server);
		await killed.configureTun("tun7");
		isAlive = false;
		closeTun("tun7");
		const record = await claim(CONFIGS.client);
		expect(snapshot()).toBe(before);
		expect(notices).toEqual([expect.stringContaining("server_4567")]);
		await record.unclaim(CONFIGS.client.name);
	});

	it("keeps forwarding and the guard for the second tunnel when the first leaves", async () => {
		openTun("tun8");
		const first = await setUp(CONFIGS.server);
		await first.configureTun("tun7");
		const second = await setUp(CONFIGS.client);
		await second.configureTun("tun8");
		await first.undo();
		expect(host.sysctls.read("net/ipv4/conf/h1/forwarding")).toBe("2");
		const rules = host.shell("nft list ruleset");
		expect(rules).not.toContain("tunscope_server");
		expect(rules).toContain("oifgroup != 29779");
		await second.undo();
		closeTun("tun8");
		expect(host.sysctls.read("net/ipv4/conf/h1/forwarding")).toBe("0");
	});

	it("does not make the host a router for others, until somebody else makes it one", async () => {
		right.shell(
			"nft add table ip t && nft 'add chain ip t c { type filter hook prerouting priority 0; }' && nft add rule ip t c udp dport 9 counter",
		);
		const arrived = () =>
			Number(/packets (\d+)/.exec(right.shell("nft list chain ip t c"))?.[1]);
		const send = () =>
			left.shell("for i in 1 2 3; do echo x > /dev/udp/198.18.2.2/9; done");
		const setup = await setUp(CONFIGS.server);
		await setup.configureTun("tun7");
		send();
		expect(arrived()).toBe(0);
		expect(host.shell("nft list ruleset")).toMatch(
			/ipv4 iifname .* oifgroup != 29779 counter packets 3/,
		);
		host.shell("echo 1 > /proc/sys/net/ipv4/conf/all/forwarding");
		await setup.checkForwarding();
		expect(host.shell("nft list ruleset")).not.toMatch(
			/ipv4 iifname .* oifgroup/,
		);
		send();
		expect(arrived()).toBe(3);
		await setup.undo();
		expect(host.sysctls.read("net/ipv4/conf/h1/forwarding")).toBe("1");
		host.shell("echo 0 > /proc/sys/net/ipv4/conf/all/forwarding");
		right.shell("nft delete table ip t");
	});

	it("gives way to a program that switches forwarding on for one interface only", async () => {
		const setup = await setUp(CONFIGS.server);
		await setup.configureTun("tun7");
		const guarded = () =>
			/ipv4 iifname ([^o]*) oifgroup/.exec(host.shell("nft list ruleset"))?.[1];
		expect(guarded()).toBe('{ "h1", "h2" }');
		host.shell("echo 1 > /proc/sys/net/ipv4/conf/h1/forwarding");
		await setup.checkForwarding();
		expect(guarded()).toBe('"h2"');
		expect(notices).toEqual([expect.stringContaining("somebody else")]);
		await setup.checkForwarding();
		expect(notices).toHaveLength(1);
		await setup.undo();
		expect(host.sysctls.read("net/ipv4/conf/h1/forwarding")).toBe("1");
		expect(host.sysctls.read("net/ipv4/conf/h2/forwarding")).toBe("0");
		host.shell("echo 0 > /proc/sys/net/ipv4/conf/h1/forwarding");
	});

	it("follows a TUN of another name and a link MTU that changes", async () => {
		const setup = await setUp(CONFIGS.client);
		await setup.configureTun("tun7");
		openTun("tun8");
		await setup.configureTun("tun8").catch(() => undefined);
		closeTun("tun7");
		await setup.configureTun("tun8");
		expect(host.shell("nft list ruleset")).toContain('oifname != "tun8"');
		host.shell("ip link set h1 mtu 1300");
		expect(await setup.refresh()).toMatchObject({ linkMtuBytes: 1_300 });
		host.shell("ip link set h1 mtu 1400");
		await setup.undo();
		closeTun("tun8");
	});

	it("client: replaces the servers when their name leads elsewhere, rules and forwarding alike", async () => {
		const setup = await setUp(CONFIGS.client);
		await setup.configureTun("tun7");
		const [old] = REMOTES;
		const next = { family: 4, address: "198.18.2.2", port: 4_567 } as const;
		const rules = () => host.shell("nft list table inet tunscope_client_51821");
		const forwards = (name: string) =>
			host.sysctls.read(`net/ipv4/conf/${name}/forwarding`);
		await setup.replaceRemotes([old, next]);
		for (const { address } of [old, next])
			for (const state of ["ct state invalid", "tcp flags ! syn ct state new"])
				expect(rules()).toContain(`saddr ${address} tcp sport 4567 ${state}`);
		expect(rules()).not.toContain("2001:db8:1::2");
		expect(forwards("h2")).toBe("2");
		await setup.replaceRemotes([next]);
		expect(rules()).not.toContain(old.address);
		expect(rules()).toMatch(/ipv4 iifname "h2" oifgroup != 29779/);
		expect([forwards("h1"), forwards("h2")]).toEqual(["0", "2"]);
		await setup.undo();
		expect(forwards("h2")).toBe("0");
		await setup.replaceRemotes([old]);
		expect(host.shell("nft list ruleset")).toBe("");
	});

	it("client with --ipv4-only: everything of IPv4 is there, and nothing of IPv6 is touched", async () => {
		const ipv6 = () =>
			host.shell(
				"grep -H . /proc/sys/net/ipv6/conf/h*/{forwarding,force_forwarding,accept_ra}",
			);
		const before = ipv6();
		const setup = await setUp({ ...CONFIGS.client, ipv4Only: true });
		await setup.replaceRemotes([REMOTES[0]]);
		await setup.configureTun("tun7");
		const rules = host.shell("nft list ruleset");
		expect(rules).not.toMatch(/ip6|ipv6/);
		expect(rules.match(/ip saddr 198\.18\.1\.2 .* drop/g)).toHaveLength(2);
		expect(ipv6()).toBe(before);
		await setup.undo();
	});

	it("with --host-setup off gives the TUN its addresses and changes nothing else", async () => {
		closeTun("tun7");
		const before = snapshot();
		openTun("tun7");
		const setup = await setUp({ ...CONFIGS.server, hostSetup: "off" });
		await setup.configureTun("tun7");
		expect(host.shell("ip address show dev tun7")).toContain(
			"192.168.201.1 peer 192.168.201.2",
		);
		expect(host.shell("nft list ruleset")).toBe("");
		closeTun("tun7");
		expect(snapshot()).toBe(before);
		await setup.undo();
	});
});
