import { describe, expect, it } from "vitest";
import { discoverNetworkPath, type PathQuestion } from "./network-path.js";
import type { RunCommand } from "./run-command.js";
import { SystemError } from "./system-error.js";

const LINKS = [
	{
		ifindex: 1,
		ifname: "lo",
		mtu: 65_536,
		flags: ["LOOPBACK", "UP"],
		addr_info: [{ family: "inet", local: "127.0.0.1", scope: "host" }],
	},
	{
		ifindex: 2,
		ifname: "eth0",
		mtu: 1_400,
		flags: ["UP"],
		addr_info: [{ family: "inet", local: "192.0.2.5", scope: "global" }],
	},
	{
		ifindex: 3,
		ifname: "lan0",
		mtu: 9_000,
		flags: ["UP"],
		addr_info: [
			{ family: "inet", local: "10.0.0.1", scope: "global" },
			{ family: "inet6", local: "2001:db8::1", scope: "global" },
			{ family: "inet6", local: "fe80::1", scope: "link" },
		],
	},
	{
		ifindex: 4,
		ifname: "tun5",
		mtu: 1_500,
		flags: ["UP"],
		group: "29779",
		addr_info: [{ family: "inet", local: "192.168.200.1", scope: "global" }],
	},
	{
		ifindex: 5,
		ifname: "down0",
		mtu: 576,
		flags: [],
		addr_info: [{ family: "inet", local: "10.9.9.9", scope: "global" }],
	},
];

interface Host {
	readonly routes?: Readonly<Record<string, unknown>>;
	readonly defaultDevices?: readonly string[];
}

function runOn(host: Host): RunCommand {
	return (_program, words) => {
		const answer = (value: unknown) =>
			Promise.resolve({ stdout: JSON.stringify(value), stderr: "" });
		if (words.includes("address")) return answer(LINKS);
		if (words.includes("main")) return answer([]);
		if (words.includes("default")) {
			return answer(
				words.includes("-4")
					? (host.defaultDevices ?? []).map((dev) => ({ dst: "default", dev }))
					: [],
			);
		}
		const route = host.routes?.[words.at(-1) ?? ""];
		if (route !== undefined) return answer([route]);
		return Promise.reject(
			new SystemError({
				code: "COMMAND_FAILED",
				message: "Network is unreachable",
				whatToDo: "",
			}),
		);
	};
}

function question(change: Partial<PathQuestion>): PathQuestion {
	return {
		role: "client",
		remotes: [],
		interfaces: [],
		usesIpv6: true,
		...change,
	};
}

const V4 = { family: 4, address: "198.18.0.1", port: 1 } as const;
const V6 = { family: 6, address: "2001:db8:9::1", port: 1 } as const;

describe("network path of a client", () => {
	it("takes interface and link MTU from the route to each server", async () => {
		const run = runOn({
			routes: { [V4.address]: { dev: "eth0" }, [V6.address]: { dev: "lan0" } },
		});
		expect(
			await discoverNetworkPath(run, question({ remotes: [V4, V6] })),
		).toMatchObject({
			interfaces: { ipv4: ["eth0"], ipv6: ["lan0"] },
			linkMtuBytes: 1_400,
			notices: [],
		});
	});

	it("respects the MTU that an administrator has put on the route", async () => {
		const run = runOn({
			routes: { [V4.address]: { dev: "eth0", metrics: [{ mtu: 1_280 }] } },
		});
		expect(
			(await discoverNetworkPath(run, question({ remotes: [V4] })))
				.linkMtuBytes,
		).toBe(1_280);
	});

	it("says that there is no route and assumes Ethernet's MTU", async () => {
		const path = await discoverNetworkPath(
			runOn({}),
			question({ remotes: [V4] }),
		);
		expect(path.linkMtuBytes).toBe(1_500);
		expect(path.notices).toEqual([
			expect.stringContaining("no route to 198.18.0.1"),
		]);
	});

	it("does not take the loopback's 64 KiB for a link MTU", async () => {
		const run = runOn({ routes: { [V4.address]: { dev: "lo" } } });
		expect(
			(await discoverNetworkPath(run, question({ remotes: [V4] })))
				.linkMtuBytes,
		).toBe(1_500);
	});

	it("warns when the route leaves by an interface that was not chosen", async () => {
		const run = runOn({ routes: { [V4.address]: { dev: "eth0" } } });
		const path = await discoverNetworkPath(
			run,
			question({ remotes: [V4], interfaces: ["lan0"] }),
		);
		expect(path.notices).toEqual([expect.stringContaining("leaves by eth0")]);
		expect(path.interfaces.ipv4).toContain("lan0");
	});
});

describe("network path of a server", () => {
	it("uses every link that is up and has an address of the family, but no loopback and no TUN of ours", async () => {
		const path = await discoverNetworkPath(
			runOn({}),
			question({ role: "server" }),
		);
		expect(path.interfaces).toEqual({ ipv4: ["eth0", "lan0"], ipv6: ["lan0"] });
		expect(path.linkMtuBytes).toBe(1_400);
	});

	it("prefers the default route's link MTU", async () => {
		const path = await discoverNetworkPath(
			runOn({ defaultDevices: ["lan0"] }),
			question({ role: "server" }),
		);
		expect(path.linkMtuBytes).toBe(9_000);
	});

	it("keeps to the chosen interfaces, and to IPv4 without IPv6", async () => {
		const path = await discoverNetworkPath(
			runOn({ defaultDevices: ["eth0"] }),
			question({ role: "server", interfaces: ["lan0"], usesIpv6: false }),
		);
		expect(path.interfaces).toEqual({ ipv4: ["lan0"], ipv6: [] });
		expect(path.linkMtuBytes).toBe(9_000);
	});

	it("refuses an interface that does not exist and lists those that do", async () => {
		await expect(
			discoverNetworkPath(
				runOn({}),
				question({ role: "server", interfaces: ["eth9"] }),
			),
		).rejects.toMatchObject({
			code: "INTERFACE_MISSING",
			message: expect.stringContaining("lo, eth0, lan0"),
		});
	});
});

it("finds no way out where the route leads into the tunnel itself, and says what to do", async () => {
	const run = runOn({ routes: { "198.18.0.1": { dev: "tun5" } } });
	const path = await discoverNetworkPath(
		run,
		question({ remotes: [V4], listen: { port: 51_821 } }),
	);
	expect(path.interfaces).toEqual({ ipv4: [], ipv6: [] });
	expect(path.routes.get("198.18.0.1")).toBeNull();
	expect(path.notices).toEqual([
		expect.stringMatching(
			/tunscope's own TUN tun5.*ip route add 198\.18\.0\.1\/32/,
		),
	]);
});
