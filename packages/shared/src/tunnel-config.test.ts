import { describe, expect, it } from "vitest";
import {
	interfaceNameSchema,
	type TunnelConfig,
	tunnelConfigSchema,
} from "./tunnel-config.js";
import { TUN_ADDRESS_DEFAULTS, TUNNEL_DEFAULTS } from "./tunnel-defaults.js";
import { TUNNEL_LIMITS } from "./tunnel-limits.js";

const VALID: TunnelConfig = {
	name: "client_51820",
	role: "client",
	listen: { address: "127.0.0.1", port: 51_820 },
	remote: { host: "198.18.2.2", port: 4_567 },
	tun: { name: "", ...TUN_ADDRESS_DEFAULTS.client },
	ipv4Only: false,
	interfaces: [],
	...TUNNEL_DEFAULTS,
};

function accepts(change: Partial<TunnelConfig>): boolean {
	return tunnelConfigSchema.safeParse({ ...VALID, ...change }).success;
}

describe("tunnel configuration", () => {
	it("takes the defaults of both roles", () => {
		expect(accepts({})).toBe(true);
		expect(
			accepts({
				role: "server",
				tun: { name: "tun7", ...TUN_ADDRESS_DEFAULTS.server },
			}),
		).toBe(true);
	});

	it("takes each number at its limits and refuses it one past them", () => {
		for (const name of ["idleTimeoutMs", "maxFlows", "linkMtuBytes"] as const) {
			const { min, max } = TUNNEL_LIMITS[name];
			expect(accepts({ [name]: min }), `${name} ${min}`).toBe(true);
			expect(accepts({ [name]: max }), `${name} ${max}`).toBe(true);
			expect(accepts({ [name]: min - 1 }), `${name} ${min - 1}`).toBe(false);
			expect(accepts({ [name]: max + 1 }), `${name} ${max + 1}`).toBe(false);
		}
		for (const [port, isAccepted] of [
			[0, false],
			[1, true],
			[65_535, true],
			[65_536, false],
		] as const) {
			const remote = { host: "h", port };
			expect(accepts({ remote }), `port ${port}`).toBe(isAccepted);
		}
	});

	it("refuses unknown keys, so that a misspelt setting is never ignored", () => {
		expect(
			tunnelConfigSchema.safeParse({ ...VALID, idleTimeout: 5 }).success,
		).toBe(false);
	});

	it("refuses a TUN whose two ends have one address", () => {
		const tun = { ...VALID.tun, peer4: VALID.tun.local4 };
		expect(accepts({ tun })).toBe(false);
	});

	it("takes interface names of 15 bytes and refuses 16, slashes, quotes, dashes first and reserved names", () => {
		const isAccepted = (name: string) =>
			interfaceNameSchema.safeParse(name).success;
		expect(isAccepted("a".repeat(15))).toBe(true);
		expect(isAccepted("eth0.100")).toBe(true);
		expect(isAccepted("")).toBe(true);
		for (const name of [
			"a".repeat(16),
			"a/b",
			'a"b',
			"a b",
			"-a",
			"..",
			"all",
			"default",
		]) {
			expect(isAccepted(name), name).toBe(false);
		}
	});
});
