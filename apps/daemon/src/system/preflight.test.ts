import { createSocket } from "node:dgram";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
	TUN_ADDRESS_DEFAULTS,
	TUNNEL_DEFAULTS,
	type TunnelConfig,
} from "@tunscope/shared";
import { afterAll, describe, expect, it } from "vitest";
import type { Link } from "./links.js";
import {
	readHandshakePacket,
	refuseAddressClash,
	requireFreeUdpPort,
	requireNetAdmin,
	requireTunDevice,
} from "./preflight.js";

const folder = mkdtempSync(join(tmpdir(), "tunscope-preflight-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

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

function linkWith(name: string, address: string): Link {
	return {
		index: 9,
		name,
		linkMtuBytes: 1_500,
		isUp: true,
		isLoopback: false,
		isOurTun: true,
		identity: "9/",
		addresses: [
			{ family: address.includes(":") ? 6 : 4, address, isGlobal: true },
		],
	};
}

describe("preflight", () => {
	it("tells root's capabilities from a user's", () => {
		expect(() => requireNetAdmin("CapEff:\t0000000000001000\n")).not.toThrow();
		expect(() => requireNetAdmin("CapEff:\t000001fffeffffff\n")).not.toThrow();
		for (const status of [
			"CapEff:\t0000000000000000\n",
			"CapEff:\t0000000000002fff\nCapBnd:\t0000000000001000\n",
			"",
		]) {
			expect(() => requireNetAdmin(status), status).toThrow(/CAP_NET_ADMIN/);
		}
	});

	it("wants a device, not a file or nothing", () => {
		expect(() => requireTunDevice("/dev/null")).not.toThrow();
		expect(() => requireTunDevice(join(folder, "missing"))).toThrow(
			/no TUN device/,
		);
		expect(() => requireTunDevice(folder)).toThrow(/no TUN device/);
	});

	it("refuses addresses that another interface has, of a used family only", () => {
		expect(() =>
			refuseAddressClash(CONFIG, [linkWith("tun7", "192.168.200.1")]),
		).toThrow(/192\.168\.200\.1 is already on interface tun7/);
		expect(() =>
			refuseAddressClash(CONFIG, [linkWith("tun7", "fcc8::2")]),
		).toThrow(/fcc8::2/);
		expect(() =>
			refuseAddressClash({ ...CONFIG, ipv4Only: true }, [
				linkWith("tun7", "fcc8::2"),
			]),
		).not.toThrow();
		expect(() =>
			refuseAddressClash(CONFIG, [linkWith("tun0", "192.168.200.1")]),
		).not.toThrow();
		expect(() =>
			refuseAddressClash(CONFIG, [linkWith("eth0", "10.0.0.1")]),
		).not.toThrow();
	});

	it("finds a UDP port taken and an address that is not this host's", async () => {
		const rival = createSocket("udp4");
		rival.bind(0, "127.0.0.1");
		await once(rival, "listening");
		const { port } = rival.address();
		await expect(
			requireFreeUdpPort({ address: "127.0.0.1", port }),
		).rejects.toMatchObject({ code: "UDP_PORT_TAKEN" });
		rival.close();
		await once(rival, "close");
		await expect(
			requireFreeUdpPort({ address: "127.0.0.1", port }),
		).resolves.toBeUndefined();
		await expect(
			requireFreeUdpPort({ address: "192.0.2.77", port }),
		).rejects.toMatchObject({ code: "UDP_ADDRESS_UNAVAILABLE" });
	});

	it("takes a handshake packet of 1 to 65,535 bytes", () => {
		const path = join(folder, "packet");
		for (const size of [1, 65_535]) {
			writeFileSync(path, Buffer.alloc(size, 7));
			expect(readHandshakePacket(path)).toHaveLength(size);
		}
		for (const size of [0, 65_536]) {
			writeFileSync(path, Buffer.alloc(size));
			expect(() => readHandshakePacket(path)).toThrow(`${size} bytes`);
		}
		expect(() => readHandshakePacket(join(folder, "missing"))).toThrow(
			/ENOENT/,
		);
	});
});
