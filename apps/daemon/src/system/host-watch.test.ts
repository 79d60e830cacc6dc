import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { HostLook } from "./host-setup.js";
import { HostWatch } from "./host-watch.js";
import type { Link } from "./links.js";

function rig() {
	const look: HostLook = { linkMtuBytes: 1_500, renewedPeers: [], tun: null };
	const log: string[] = [];
	const state = { look, looks: 0, suspendedMs: 0, log };
	const watch = new HostWatch({
		host: {
			refresh: async () => {
				state.looks++;
				return state.look;
			},
			checkForwarding: async () => {},
		},
		onLinkMtu: (linkMtuBytes) => state.log.push(`link MTU ${linkMtuBytes}`),
		onRenewedPath: (peers) => state.log.push(`renew ${peers ?? "all"}`),
		onTunSeen: ({ name }) => state.log.push(`seen ${name}`),
		onWake: () => state.log.push("wake"),
		onNotice: (message) => state.log.push(message),
		onError: (error) => state.log.push(String(error)),
		clocks: {
			monotonicMs: () => Date.now(),
			bootMs: () => Date.now() + state.suspendedMs,
		},
	});
	watch.start();
	watches.push(watch);
	return { watch, state };
}

const watches: HostWatch[] = [];
beforeEach(() => {
	vi.useFakeTimers();
});
afterEach(() => {
	for (const watch of watches.splice(0)) watch.stop();
	vi.useRealTimers();
});
const later = (milliseconds: number) =>
	vi.advanceTimersByTimeAsync(milliseconds);

describe("the watch on the host", () => {
	it("looks within 100 ms of a change, then at most twice a second, however many come", async () => {
		const { watch, state } = rig();
		for (let change = 0; change < 50; change++) watch.hostChanged(false);
		await later(100);
		expect(state.looks).toBe(1);
		expect(state.log).toEqual(["link MTU 1500"]);
		for (let step = 0; step < 20; step++) {
			watch.hostChanged(false);
			await later(100);
		}
		expect(state.looks).toBeLessThanOrEqual(5);
		expect(state.looks).toBeGreaterThanOrEqual(4);
	});

	it("looks every five seconds without any event", async () => {
		const { state } = rig();
		await later(10_200);
		expect(state.looks).toBe(2);
	});

	it("hands on what a look found, and the TUN's state only after lost events", async () => {
		const { watch, state } = rig();
		const tun: Link = {
			index: 5,
			name: "tun0",
			linkMtuBytes: 1_500,
			isUp: true,
			isLoopback: false,
			isOurTun: true,
			kind: "tun",
			identity: "5/",
			addresses: [],
		};
		state.look = { linkMtuBytes: 1_400, renewedPeers: ["192.0.2.1"], tun };
		watch.hostChanged(false);
		await later(100);
		expect(state.log).toEqual(["link MTU 1400", "renew 192.0.2.1"]);
		state.look = { ...state.look, renewedPeers: [] };
		watch.hostChanged(true);
		await later(600);
		expect(state.log.slice(2)).toEqual(["seen tun0"]);
	});

	it("packet case 59: after a suspension looks, asks for names, and from 30 s on lets flows begin anew", async () => {
		const { state } = rig();
		state.suspendedMs = 29_000;
		await later(500);
		expect(state.log).toEqual([
			"This machine was suspended for 29.0 s: routes and names are looked at again.",
			"wake",
		]);
		state.suspendedMs += 3_600_000;
		await later(500);
		expect(state.log).toContain("renew all");
		await later(500);
		expect(state.looks).toBeGreaterThan(0);
	});
});
