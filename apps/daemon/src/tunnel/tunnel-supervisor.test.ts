import {
	TUN_ADDRESS_DEFAULTS,
	TUNNEL_DEFAULTS,
	type TunnelConfig,
} from "@tunscope/shared";
import { afterEach, describe, expect, it, vi } from "vitest";
import { SystemError } from "../system/system-error.js";
import { createRestartBackoff } from "./restart-backoff.js";
import type { TunnelEvent } from "./tunnel-event.js";
import { TunnelSupervisor } from "./tunnel-supervisor.js";

const WORKER_URL = new URL("./testing/protocol-worker.mjs", import.meta.url);
const WAIT = { timeout: 5_000, interval: 5 };

function configOf(
	name: string,
	onTunLost: TunnelConfig["onTunLost"],
): TunnelConfig {
	return {
		name,
		role: "client",
		listen: { address: "127.0.0.1", port: 1 },
		remote: { host: "192.0.2.1", port: 2 },
		tun: { name: "", ...TUN_ADDRESS_DEFAULTS.client },
		ipv4Only: false,
		interfaces: [],
		...TUNNEL_DEFAULTS,
		onTunLost,
	};
}

const started: TunnelSupervisor[] = [];
afterEach(async () => {
	for (const supervisor of started.splice(0)) await supervisor.stop();
});

interface Scenario {
	readonly name: string;
	readonly onTunLost?: TunnelConfig["onTunLost"];
	readonly configureTun?: (
		tunName: string,
	) => Promise<{ linkMtuBytes: number }>;
	readonly stopDeadlineMs?: number;
}

function run(scenario: Scenario) {
	const events: TunnelEvent[] = [];
	const hostCalls: string[] = [];
	const supervisor = new TunnelSupervisor({
		input: {
			config: configOf(scenario.name, scenario.onTunLost ?? "recreate"),
			remotes: [{ family: 4, address: "192.0.2.1", port: 2 }],
			handshakePacket: null,
		},
		host: {
			configureTun(tunName) {
				hostCalls.push(`configure ${tunName}`);
				return (
					scenario.configureTun?.(tunName) ??
					Promise.resolve({ linkMtuBytes: 1_500 })
				);
			},
			async undo() {
				hostCalls.push("undo");
			},
		},
		onEvent: (event) => events.push(event),
		workerUrl: WORKER_URL,
		backoff: createRestartBackoff(10),
		...(scenario.stopDeadlineMs === undefined
			? {}
			: { stopDeadlineMs: scenario.stopDeadlineMs }),
	});
	started.push(supervisor);
	supervisor.start();
	const states = () =>
		events.flatMap((event) => (event.kind === "state" ? [event.state] : []));
	const count = (kind: TunnelEvent["kind"]) =>
		events.filter((event) => event.kind === kind).length;
	return { supervisor, events, hostCalls, states, count };
}

describe("TunnelSupervisor", () => {
	it("prepares the host when the TUN is open, answers, and undoes the host after the worker has stopped", async () => {
		const { supervisor, hostCalls, states } = run({ name: "orderly" });
		await vi.waitFor(() => expect(supervisor.state).toBe("running"), WAIT);
		expect(hostCalls).toEqual(["configure tun7"]);
		await supervisor.stop();
		await supervisor.stop();
		expect(hostCalls).toEqual(["configure tun7", "undo"]);
		expect(states()).toEqual(["running", "stopping", "stopped"]);
		expect(await supervisor.ended).toEqual({ kind: "stopped" });
	});

	it("ends a worker that does not stop, within the deadline", async () => {
		for (const name of ["deaf", "spins-forever"]) {
			const { supervisor, hostCalls } = run({ name, stopDeadlineMs: 100 });
			await vi.waitFor(() => expect(supervisor.state).toBe("running"), WAIT);
			const startedAtMs = performance.now();
			await supervisor.stop();
			expect(performance.now() - startedAtMs).toBeLessThan(1_500);
			expect(hostCalls.at(-1)).toBe("undo");
		}
	});

	it("restarts a worker that throws, says what it threw, and keeps the totals", async () => {
		const { supervisor, events, count } = run({ name: "throws" });
		await vi.waitFor(
			() => expect(count("worker-ended")).toBeGreaterThanOrEqual(3),
			WAIT,
		);
		const end = events.find((event) => event.kind === "worker-ended");
		expect(end).toMatchObject({
			error: expect.objectContaining({ message: "planted" }),
			failure: null,
			restartInMs: 10,
		});
		expect(supervisor.sample(0).engine.packetsReceived).toBeGreaterThanOrEqual(
			3,
		);
		expect(supervisor.sample(0).gauges.lastInboundMs).toBe(-1);
	});

	it("leaves other tunnels alone when one crashes", async () => {
		const good = run({ name: "orderly" });
		const bad = run({ name: "throws" });
		await vi.waitFor(
			() => expect(bad.count("worker-ended")).toBeGreaterThanOrEqual(2),
			WAIT,
		);
		expect(good.states()).toEqual(["running"]);
	});

	it("ends with the failure when the first start fails", async () => {
		const { supervisor, hostCalls } = run({ name: "fails-at-start" });
		expect(await supervisor.ended).toEqual({
			kind: "failed",
			failure: {
				code: "NAME_IN_USE",
				message: "The name is taken.",
				whatToDo: "Take another.",
			},
		});
		expect(hostCalls).toEqual(["undo"]);
		expect(supervisor.state).toBe("failed");
	});

	it("tries again when the world fails after the tunnel has run", async () => {
		const { events, count } = run({ name: "fails-later" });
		await vi.waitFor(
			() => expect(count("worker-ended")).toBeGreaterThanOrEqual(2),
			WAIT,
		);
		expect(events.find((event) => event.kind === "worker-ended")).toMatchObject(
			{
				error: null,
				failure: { code: "NAME_IN_USE" },
			},
		);
	});

	it("ends with the host's failure when the host cannot be prepared", async () => {
		const { supervisor, hostCalls } = run({
			name: "orderly",
			configureTun: () =>
				Promise.reject(
					new SystemError({
						code: "COMMAND_MISSING",
						message: "No nft.",
						whatToDo: "Install it.",
					}),
				),
		});
		expect(await supervisor.ended).toEqual({
			kind: "failed",
			failure: {
				code: "COMMAND_MISSING",
				message: "No nft.",
				whatToDo: "Install it.",
			},
		});
		expect(hostCalls).toEqual(["configure tun7", "undo"]);
	});

	it("prepares the host again for a TUN that was created again", async () => {
		const { hostCalls, supervisor } = run({ name: "loses-tun" });
		await vi.waitFor(() => expect(hostCalls).toContain("configure tun8"), WAIT);
		await vi.waitFor(() => expect(supervisor.state).toBe("running"), WAIT);
	});

	it("gives a TUN that came up again its addresses again, and runs once it is restored", async () => {
		const { supervisor, count, hostCalls } = run({ name: "tun-goes-down" });
		await vi.waitFor(() => expect(count("tun-restored")).toBe(1), WAIT);
		expect(supervisor.state).toBe("running");
		expect(hostCalls).toEqual(["configure tun7", "configure tun7"]);
	});

	it("passes a new link MTU on to the worker", async () => {
		const { supervisor, events } = run({ name: "orderly" });
		await vi.waitFor(() => expect(supervisor.state).toBe("running"), WAIT);
		supervisor.setLinkMtu(1_400);
		const notice = {
			kind: "notice",
			code: "link-mtu-1400",
			message: "link-mtu-1400",
		};
		await vi.waitFor(() => expect(events).toContainEqual(notice), WAIT);
	});

	it("ends when the TUN is lost and the configuration says exit", async () => {
		const { supervisor } = run({ name: "loses-tun", onTunLost: "exit" });
		expect(await supervisor.ended).toMatchObject({
			kind: "failed",
			failure: { code: "TUN_LOST" },
		});
	});

	it("can be stopped before it was started, while it waits to restart, and while the host is being prepared", async () => {
		const waiting = run({ name: "throws" });
		await vi.waitFor(
			() => expect(waiting.supervisor.state).toBe("restarting"),
			WAIT,
		);
		await waiting.supervisor.stop();
		const preparing = run({
			name: "orderly",
			configureTun: () => new Promise(() => undefined),
		});
		await vi.waitFor(() => expect(preparing.hostCalls).toHaveLength(1), WAIT);
		await preparing.supervisor.stop();
		expect(preparing.hostCalls).toEqual(["configure tun7", "undo"]);
	});

	it("answers a question about flows, and without a worker answers none", async () => {
		const { supervisor } = run({ name: "orderly" });
		await vi.waitFor(() => expect(supervisor.state).toBe("running"), WAIT);
		expect(await supervisor.listFlows(5)).toEqual([]);
		await supervisor.stop();
		expect(await supervisor.listFlows(5)).toEqual([]);
	});
});
