// The compliance suite's world made of the real kernel: two TUN devices in this namespace, forwarding between them.

import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import type { ComplianceLab, Offloads } from "../compliance/compliance-lab.js";
import type { TunDevice } from "../tun-device.js";
import { loadAddon } from "./addon.js";
import { createNativePacketIo } from "./native-packet-io.js";
import { NativeTun } from "./native-tun.js";
import { TrainRegistry } from "./registered-trains.js";

/** Set by the test that made a namespace for this process; nothing here may run in the host's own. */
export const NAMESPACE_VARIABLE = "TUNSCOPE_TEST_NAMESPACE";

/** Runs `ip` with these words. */
export function ip(...words: string[]): void {
	execFileSync("ip", words, { stdio: ["ignore", "ignore", "pipe"] });
}

function switchOnForwarding(): void {
	writeFileSync("/proc/sys/net/ipv4/ip_forward", "1");
	writeFileSync("/proc/sys/net/ipv6/conf/all/forwarding", "1");
}

/** Gives the device its networks of the suite: 198.18.<number>.0/24 and 2001:db8:<number>::/64. */
function configure(tun: TunDevice, number: number): void {
	ip("link", "set", tun.name, "up");
	ip("address", "add", `198.18.${number}.1/24`, "dev", tun.name);
	const address6 = `2001:db8:${number}::1/64`;
	ip("address", "add", address6, "dev", tun.name, "nodad");
}

/** Two configured devices with the offloads that these bits of OFFLOAD ask for, to look at one offload alone. */
export function openWishedPair(
	arena: Uint8Array,
	wish: { readonly left: number; readonly right: number },
): { readonly left: NativeTun; readonly right: NativeTun } {
	switchOnForwarding();
	const addon = loadAddon();
	const parts = { addon, trains: new TrainRegistry(addon) };
	const left = new NativeTun(parts, { arena, name: "lab1" }, wish.left);
	configure(left, 1);
	const right = new NativeTun(parts, { arena, name: "lab2" }, wish.right);
	configure(right, 2);
	return { left, right };
}

export function openKernelLab(): ComplianceLab {
	const io = createNativePacketIo();
	ip("link", "set", "lo", "up");
	const configured = new Map<TunDevice, number>();
	const open = (arena: Uint8Array, offloads: Offloads, number: number) => {
		const tun = io.openTun({ arena, offloads, name: `lab${number}` });
		configure(tun, number);
		configured.set(tun, number);
		return tun;
	};
	return {
		io,
		openTunPair: (arena, offloads) => {
			switchOnForwarding();
			const left = open(arena, offloads.left, 1);
			return { left, right: open(arena, offloads.right, 2) };
		},
		setDown: (tun, isDown) => {
			ip("link", "set", tun.name, isDown ? "down" : "up");
		},
		setLinkMtu: (tun, linkMtuBytes) =>
			ip("link", "set", tun.name, "mtu", String(linkMtuBytes)),
		deleteTun: (tun) => ip("link", "delete", tun.name),
	};
}
