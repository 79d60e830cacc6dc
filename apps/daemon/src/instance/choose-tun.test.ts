import {
	TUN_ADDRESS_DEFAULTS,
	TUNNEL_DEFAULTS,
	type TunnelRequest,
	type TunnelRole,
} from "@tunscope/shared";
import { describe, expect, it } from "vitest";
import type { Link } from "../system/links.js";
import { parseNetworkRoutes } from "../system/preflight-addresses.js";
import { chooseTun, promiseOf, type TunOccupancy } from "./choose-tun.js";

const NOTHING: TunOccupancy = { links: [], routes: [], promised: [] };
const FREE = { tunName: false, ipv4: false, ipv6: false };

function request(
	role: TunnelRole,
	change: Partial<TunnelRequest["isFixed"]> & { readonly name?: string } = {},
): TunnelRequest {
	const { name = "ts-home", ...isFixed } = change;
	return {
		config: {
			name: "home",
			role,
			listen: { address: "127.0.0.1", port: 1 },
			remote: { host: "192.0.2.1", port: 2 },
			tun: { name, ...TUN_ADDRESS_DEFAULTS[role] },
			ipv4Only: false,
			interfaces: [],
			...TUNNEL_DEFAULTS,
		},
		isFixed: { ...FREE, ...isFixed },
	};
}

function link(name: string, ...addresses: readonly string[]): Link {
	return {
		index: 1,
		name,
		linkMtuBytes: 1_500,
		isUp: true,
		isLoopback: false,
		isOurTun: false,
		kind: "",
		identity: "1/",
		addresses: addresses.map((address) => ({
			family: address.includes(":") ? 6 : 4,
			address,
			isGlobal: true,
			isTemporary: false,
		})),
	};
}

describe("the choice of a TUN", () => {
	it("is Phantun's addresses on a host that has none of them", () => {
		for (const role of ["client", "server"] as const)
			expect(chooseTun(request(role), NOTHING, null)).toEqual({
				name: "ts-home",
				...TUN_ADDRESS_DEFAULTS[role],
			});
	});

	it("never gives two of 100 tunnels a name or an address in common, in both roles", () => {
		const promised: TunOccupancy["promised"][number][] = [];
		for (let count = 0; count < 100; count += 1) {
			const asked = request(count % 2 === 0 ? "client" : "server");
			const tun = chooseTun(asked, { ...NOTHING, promised }, null);
			promised.push(promiseOf(tun, false));
		}
		const names = promised.map(({ name }) => name);
		const addresses = promised.flatMap((tun) => tun.addresses);
		expect(new Set(names).size).toBe(100);
		expect(new Set(addresses).size).toBe(400);
		expect(names.every((name) => name.length <= 15)).toBe(true);
		expect(promised[2]).toEqual({
			name: "ts-home-3",
			addresses: ["192.168.200.3", "192.168.200.4", "fcc8::3", "fcc8::4"],
		});
	});

	it("leaves out what an interface has, one family at a time", () => {
		const links = [link("tun0", "192.168.200.2"), link("x", "fcc8::3")];
		expect(chooseTun(request("client"), { ...NOTHING, links }, null)).toEqual({
			name: "ts-home",
			local4: "192.168.200.3",
			peer4: "192.168.200.4",
			local6: "fcc8::1",
			peer6: "fcc8::2",
		});
	});

	it("goes to the next net where this host reaches the first by a route", () => {
		const routes = parseNetworkRoutes(
			JSON.stringify([
				{ dst: "192.168.0.0/16", dev: "lan0" },
				{ dst: "fcc8::/16", dev: "wg0" },
				{ dst: "default", dev: "lan0" },
			]),
		);
		const tun = chooseTun(request("client"), { ...NOTHING, routes }, null);
		expect(tun.local4).toBe("172.29.200.1");
		expect(tun.local6).toBe("fcca::1");
		const server = chooseTun(request("server"), { ...NOTHING, routes }, null);
		expect(server.peer4).toBe("172.29.201.2");
		expect(server.peer6).toBe("fcc9::2");
	});

	it("is what the tunnel had before, unless that was taken meanwhile", () => {
		const before = {
			name: "ts-home-7",
			local4: "192.168.200.9",
			peer4: "192.168.200.10",
			local6: "fcc8::9",
			peer6: "fcc8::a",
		};
		expect(chooseTun(request("client"), NOTHING, before)).toEqual(before);
		const links = [link("ts-home-7", "192.168.200.9")];
		expect(chooseTun(request("client"), { ...NOTHING, links }, before)).toEqual(
			{
				...before,
				name: "ts-home",
				local4: "192.168.200.1",
				peer4: "192.168.200.2",
			},
		);
	});

	it("leaves what is fixed as it is, also where the host has it: the preflight says so", () => {
		const links = [link("ts-home", "192.168.200.1", "fcc8::1")];
		const fixed = request("client", { tunName: true, ipv4: true, ipv6: true });
		expect(chooseTun(fixed, { ...NOTHING, links }, null)).toEqual(
			fixed.config.tun,
		);
	});

	it("refuses a fixed address that another tunnel is about to have, in any spelling", () => {
		const addresses = ["fcc8:0::2"];
		const promised = [{ name: "tun7", addresses }];
		expect(() =>
			chooseTun(
				request("client", { ipv6: true }),
				{ ...NOTHING, promised },
				null,
			),
		).toThrow(expect.objectContaining({ code: "ADDRESS_CLASH" }));
	});

	it("leaves the TUN's name to the kernel where nobody asked for one", () => {
		const asked = request("client", { name: "" });
		const promised = [{ name: "", addresses: [] }];
		expect(chooseTun(asked, { ...NOTHING, promised }, null).name).toBe("");
	});

	it("says what to do when every pair is in use", () => {
		const routes = parseNetworkRoutes(
			JSON.stringify(
				["192.168.0.0/16", "172.16.0.0/12", "10.0.0.0/8"].map((dst) => ({
					dst,
					dev: "lan0",
				})),
			),
		);
		expect(() =>
			chooseTun(request("client"), { ...NOTHING, routes }, null),
		).toThrow(
			expect.objectContaining({
				code: "ADDRESS_CLASH",
				whatToDo: expect.stringContaining("--tun-local"),
			}),
		);
	});
});
