import { describe, expect, it } from "vitest";
import {
	type FirewallPlan,
	NO_GUARDS,
	renderFirewall,
	renderRemoval,
	tableNameOf,
} from "./firewall-rules.js";

const SERVER: FirewallPlan = {
	tableName: "tunscope_server_4567",
	tunName: "tun0",
	peer4: "192.168.201.2",
	peer6: "fcc9::2",
	interfaces: [],
	guards: NO_GUARDS,
	endpoint: { role: "server", port: 4_567 },
};
const CLIENT: FirewallPlan = {
	...SERVER,
	tableName: "tunscope_client_1",
	peer4: "192.168.200.2",
	peer6: "fcc8::2",
	endpoint: {
		role: "client",
		servers: [
			{ family: 4, address: "192.0.2.1", port: 4_567 },
			{ family: 6, address: "2001:db8::1", port: 4_567 },
		],
	},
};

function rulesOf(plan: FirewallPlan): string[] {
	return renderFirewall(plan)
		.split("\n")
		.map((line) => line.trim().replace(/ comment "[^"]*"$/, ""));
}

describe("firewall rules", () => {
	it("replaces the table in one transaction, whether or not it existed", () => {
		expect(renderFirewall(SERVER)).toMatch(
			/^add table inet tunscope_server_4567\ndelete table inet tunscope_server_4567\ntable inet tunscope_server_4567 \{\n/,
		);
		expect(renderRemoval("t")).toBe("add table inet t\ndelete table inet t\n");
	});

	it("server: redirects only what is addressed to this host and does not come from the TUN, in both families", () => {
		const rules = rulesOf(SERVER);
		expect(rules).toContain(
			'meta nfproto ipv4 iifname != "tun0" fib daddr type local tcp dport 4567 counter dnat ip to 192.168.201.2',
		);
		expect(rules).toContain(
			'meta nfproto ipv6 iifname != "tun0" fib daddr type local tcp dport 4567 counter dnat ip6 to fcc9::2',
		);
	});

	it("server: restricts the redirection to the chosen interfaces", () => {
		const text = renderFirewall({ ...SERVER, interfaces: ["eth0", "eth1"] });
		expect(text).toContain(
			'iifname != "tun0" iifname { "eth0", "eth1" } fib daddr',
		);
	});

	it("packet case 64: server: drops invalid at the door and whatever the TUN sends without a known flow", () => {
		const text = renderFirewall(SERVER);
		expect(text).toContain("\t\ttcp dport 4567 ct state invalid counter drop");
		expect(text).toContain(
			'iifname "tun0" ct state { invalid, new } counter drop',
		);
	});

	it("server: drops at the door only where and for what it redirects", () => {
		const rules = rulesOf({ ...SERVER, interfaces: ["eth0"], peer6: null });
		expect(rules).toContain(
			'meta nfproto ipv4 iifname { "eth0" } tcp dport 4567 ct state invalid counter drop',
		);
	});

	it("lets nobody reach the TUN but by the port (server) or in answer (client)", () => {
		expect(rulesOf(SERVER)).toContain(
			'oifname "tun0" ct state new ct status & dnat == 0 counter drop',
		);
		expect(rulesOf(CLIENT)).toContain(
			'oifname "tun0" ct state { invalid, new } counter drop',
		);
	});

	it("says with every rule why it is there", () => {
		const plans = [SERVER, CLIENT].map((plan) => ({
			...plan,
			interfaces: ["eth0"],
			guards: { ipv4: ["eth0"], ipv6: "all" as const },
		}));
		const rules = plans
			.flatMap((plan) => renderFirewall(plan).split("\n"))
			.filter((line) => line.includes(" counter "));
		expect(rules.length).toBeGreaterThan(12);
		for (const line of rules) expect(line).toMatch(/ comment "[^"]{8,100}"$/);
	});

	it("client: translates the TUN's addresses on the way out of any other interface, or of the chosen ones only", () => {
		const rules = rulesOf(CLIENT);
		expect(rules).toContain(
			'ip saddr 192.168.200.2 oifname != "tun0" counter masquerade',
		);
		expect(rules).toContain(
			'ip6 saddr fcc8::2 oifname != "tun0" counter masquerade',
		);
		const chosen = rulesOf({ ...CLIENT, interfaces: ["wan0"] });
		expect(chosen).toContain(
			'ip saddr 192.168.200.2 oifname { "wan0" } counter masquerade',
		);
		expect(chosen).toContain(
			'iifname "tun0" oifname != { "wan0" } counter drop',
		);
	});

	it("client: keeps the host's own TCP from answering each server, both families", () => {
		const text = renderFirewall(CLIENT);
		for (const match of [
			"ip saddr 192.0.2.1 tcp sport 4567",
			"ip6 saddr 2001:db8::1 tcp sport 4567",
		]) {
			expect(text).toContain(`${match} ct state invalid counter drop`);
			expect(text).toContain(
				`${match} tcp flags & syn == 0 ct state new counter drop`,
			);
		}
		expect(text).toContain('iifname "tun0" ct state invalid counter drop');
		expect(text).not.toContain('iifname "tun0" ct state { invalid, new }');
	});

	it("has no IPv6 rule for the TUN when it has no IPv6 address", () => {
		expect(renderFirewall({ ...SERVER, peer6: null })).not.toContain("ipv6");
		expect(renderFirewall({ ...CLIENT, peer6: null })).not.toContain(
			"ip6 saddr fcc8",
		);
	});

	it("guards interfaces whose forwarding was switched on, per family, for everything but our TUNs", () => {
		const rules = rulesOf({
			...SERVER,
			guards: { ipv4: ["eth0"], ipv6: ["eth1"] },
		});
		expect(rules).toContain(
			'meta nfproto ipv4 iifname { "eth0" } oifgroup != 29779 counter drop',
		);
		expect(rules).toContain(
			'meta nfproto ipv6 iifname { "eth1" } oifgroup != 29779 counter drop',
		);
		const all = rulesOf({ ...SERVER, guards: { ipv4: [], ipv6: "all" } });
		expect(all).toContain(
			"meta nfproto ipv6 iifgroup != 29779 oifgroup != 29779 counter drop",
		);
	});

	it("refuses to write a name that would end its quotes", () => {
		expect(() =>
			renderFirewall({ ...SERVER, interfaces: ['a" drop'] }),
		).toThrow();
	});

	it("makes table names of instance names", () => {
		expect(tableNameOf("server_4567")).toBe("tunscope_server_4567");
		expect(tableNameOf("a-b")).toBe("tunscope_a_b");
	});
});
