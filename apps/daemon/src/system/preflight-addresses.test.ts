import {
	TUN_ADDRESS_DEFAULTS,
	TUNNEL_DEFAULTS,
	type TunnelConfig,
} from "@tunscope/shared";
import { describe, expect, it } from "vitest";
import type { Link } from "./links.js";
import {
	parseNetworkRoutes,
	refuseAddressClash,
	refuseNameClash,
} from "./preflight-addresses.js";

const CONFIG: TunnelConfig = {
	name: "client_1",
	role: "client",
	listen: { address: "127.0.0.1", port: 1 },
	remote: { host: "192.0.2.1", port: 2 },
	tun: { name: "tun0", ...TUN_ADDRESS_DEFAULTS.client },
	ipv4Only: false,
	interfaces: [],
	...TUNNEL_DEFAULTS,
};

function linkWith(name: string, address: string, kind = "tun"): Link {
	return {
		index: 9,
		name,
		linkMtuBytes: 1_500,
		isUp: true,
		isLoopback: false,
		isOurTun: true,
		kind,
		identity: "9/",
		addresses: [
			{
				family: address.includes(":") ? 6 : 4,
				address,
				isGlobal: true,
				isTemporary: false,
			},
		],
	};
}

describe("the TUN's addresses", () => {
	it("packet case 69: addresses are refused where another interface has them, of a used family only", () => {
		const check = (link: Link, config = CONFIG) =>
			refuseAddressClash(config, [link], []);
		expect(() => check(linkWith("tun7", "192.168.200.1"))).toThrow(
			/192\.168\.200\.1 is already on interface tun7/,
		);
		expect(() => check(linkWith("tun7", "fcc8::2"))).toThrow(/fcc8::2/);
		const ipv4Only = { ...CONFIG, ipv4Only: true };
		expect(() => check(linkWith("tun7", "fcc8::2"), ipv4Only)).not.toThrow();
		expect(() => check(linkWith("tun0", "192.168.200.1"))).not.toThrow();
		expect(() => check(linkWith("eth0", "10.0.0.1"))).not.toThrow();
	});

	const routes = (...rows: readonly object[]) =>
		parseNetworkRoutes(JSON.stringify(rows));

	it("are refused inside a network that this host reaches, and free ones are named", () => {
		const lan = routes(
			{ dst: "192.168.200.0/22", dev: "lan0" },
			{ dst: "192.168.204.0/24", dev: "lan0" },
		);
		expect(() => refuseAddressClash(CONFIG, [], lan)).toThrow(
			expect.objectContaining({
				code: "ADDRESS_CLASH",
				message:
					"The TUN's address 192.168.200.1 lies in the network 192.168.200.0/22, which this host reaches through lan0.",
				whatToDo: expect.stringContaining(
					"--tun-local 192.168.205.1 --tun-peer 192.168.205.2 --tun-local6 fccd::1",
				),
			}),
		);
		const lan6 = routes({ dst: "fcc8::/32", dev: "lan0" });
		expect(() => refuseAddressClash(CONFIG, [], lan6)).toThrow(/fcc8::\/32/);
	});

	it("are not refused for default routes, their halves, local routes, and the TUN's own", () => {
		const harmless = routes(
			{ dst: "default", dev: "eth0", gateway: "192.0.2.1" },
			{ dst: "0.0.0.0/1", dev: "wg0" },
			{ dst: "128.0.0.0/1", dev: "wg0" },
			{ dst: "2000::/3", dev: "wg0" },
			{ dst: "192.168.200.1", dev: "tun0", type: "local" },
			{ dst: "192.168.200.2", dev: "tun0" },
			{ dst: "192.168.196.0/22", dev: "lan0" },
		);
		expect(() => refuseAddressClash(CONFIG, [], harmless)).not.toThrow();
	});
});

describe("the TUN's name", () => {
	it("may be free, or a TUN's that nobody holds; nothing else", () => {
		const links = [
			linkWith("tun0", "10.0.0.1"),
			linkWith("eth0", "10.0.0.2", ""),
		];
		const nobody = () => null;
		expect(() => refuseNameClash("tun1", links, nobody)).not.toThrow();
		expect(() => refuseNameClash("", links, nobody)).not.toThrow();
		expect(() => refuseNameClash("tun0", links, nobody)).not.toThrow();
		expect(() => refuseNameClash("eth0", links, nobody)).toThrow(/no TUN/);
		expect(() =>
			refuseNameClash("tun0", links, () => "openvpn (pid 7)"),
		).toThrow(/in use by openvpn \(pid 7\)/);
	});
});
