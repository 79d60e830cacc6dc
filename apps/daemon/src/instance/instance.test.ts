import {
	TUN_ADDRESS_DEFAULTS,
	TUNNEL_DEFAULTS,
	type TunnelRequest,
} from "@tunscope/shared";
import { afterEach, describe, expect, it, vi } from "vitest";
import { SystemError, type SystemErrorCode } from "../system/system-error.js";
import { createRestartBackoff } from "../tunnel/restart-backoff.js";
import { TunnelSupervisor } from "../tunnel/tunnel-supervisor.js";
import { Instance } from "./instance.js";
import type { ManagedEvent } from "./managed-tunnel.js";
import type { TunnelAttempt } from "./prepare-tunnel.js";

const WORKER_URL = new URL(
	"../tunnel/testing/protocol-worker.mjs",
	import.meta.url,
);
const WAIT = { timeout: 5_000, interval: 5 };

function request(name: string, idleTimeoutMs = 180_000): TunnelRequest {
	return {
		config: {
			name,
			role: "client",
			listen: { address: "127.0.0.1", port: 1 },
			remote: { host: "192.0.2.1", port: 2 },
			tun: { name: "", ...TUN_ADDRESS_DEFAULTS.client },
			ipv4Only: false,
			interfaces: [],
			...TUNNEL_DEFAULTS,
			idleTimeoutMs,
		},
		isFixed: { tunName: false, ipv4: false, ipv6: false },
	};
}

const instances: Instance[] = [];
afterEach(async () => {
	for (const instance of instances.splice(0)) await instance.stop();
});

/** A host whose tunnels start, except those that `failures` names, as long as it names them. */
function createInstance(isRetried = true) {
	const failures = new Map<string, SystemErrorCode>();
	const attempts: string[] = [];
	const undone: string[] = [];
	const events: (ManagedEvent & { readonly of: string })[] = [];
	const prepare = async ({ request: { config }, onEvent }: TunnelAttempt) => {
		attempts.push(config.name);
		const code = failures.get(config.name);
		if (code !== undefined)
			throw new SystemError({ code, message: "planted.", whatToDo: "Wait." });
		const supervisor = new TunnelSupervisor({
			input: { config, remotes: [], handshakePacket: null },
			host: {
				configureTun: () => Promise.resolve({ linkMtuBytes: 1_500 }),
				undo: async () => {
					undone.push(config.name);
				},
			},
			onEvent,
			workerUrl: WORKER_URL,
		});
		const watch = { start: () => undefined, stop: () => undefined };
		return { config, remotes: () => [], supervisor, watch };
	};
	const instance = new Instance({
		tunnelOptions: (name) => ({
			environment: {
				runtimeDirectory: "/nowhere",
				stateDirectory: null,
				isColourUnwanted: true,
				language: "en",
				programSearchPath: "",
			},
			isRetried,
			recallTun: () => null,
			rememberTun: () => undefined,
			createObserver: () => ({
				onEvent: (event) => events.push({ ...event, of: name }),
				onPrepared: () => undefined,
				onFinished: () => undefined,
			}),
			onNotice: () => undefined,
			onWatchError: () => undefined,
			backoff: createRestartBackoff(5),
			prepare,
		}),
	});
	instances.push(instance);
	const stateOf = (name: string) => instance.find(name)?.state ?? null;
	return { instance, failures, attempts, undone, events, stateOf };
}

describe("an instance", () => {
	it("restarts only what changed, starts what is new, stops what is gone, in the new order", async () => {
		const { instance, attempts, undone, stateOf } = createInstance();
		await instance.apply([request("a"), request("b"), request("c")]);
		await vi.waitFor(
			() =>
				expect(["a", "b", "c"].map(stateOf)).toEqual(Array(3).fill("running")),
			WAIT,
		);
		const kept = instance.find("a");
		const change = await instance.apply([
			request("d"),
			request("b", 60_000),
			request("a"),
		]);
		expect(change).toEqual({
			started: ["d"],
			restarted: ["b"],
			stopped: ["c"],
			unchanged: ["a"],
		});
		expect(instance.tunnels.map(({ name }) => name)).toEqual(["d", "b", "a"]);
		expect(instance.find("a")).toBe(kept);
		expect(undone.sort()).toEqual(["b", "c"]);
		await vi.waitFor(() => expect(stateOf("d")).toBe("running"), WAIT);
		expect(attempts.filter((name) => name === "a")).toHaveLength(1);
		await instance.stop();
		expect(await instance.ended).toEqual({ kind: "stopped" });
		expect(undone.sort()).toEqual(["a", "b", "b", "c", "d"]);
	});

	it("tries again what may pass, while the others run", async () => {
		const { instance, failures, attempts, events, stateOf } = createInstance();
		failures.set("b", "REMOTE_NOT_RESOLVED");
		await instance.apply([request("a"), request("b")]);
		await vi.waitFor(() => {
			expect(stateOf("a")).toBe("running");
			expect(attempts.filter((name) => name === "b").length).toBeGreaterThan(2);
		}, WAIT);
		const [description] = instance
			.describe(performance.now())
			.filter(({ name }) => name === "b");
		expect(description?.failure?.code).toBe("REMOTE_NOT_RESOLVED");
		failures.clear();
		await vi.waitFor(() => expect(stateOf("b")).toBe("running"), WAIT);
		const failed = events.filter(({ kind }) => kind === "start-failed");
		expect(failed[0]).toMatchObject({ of: "b", retryInMs: 5 });
	});

	it("leaves alone what needs a person, until it is applied again", async () => {
		const { instance, failures, attempts, stateOf } = createInstance();
		failures.set("b", "INPUT_FILE_UNREADABLE");
		await instance.apply([request("a"), request("b")]);
		await vi.waitFor(() => expect(stateOf("b")).toBe("failed"), WAIT);
		failures.clear();
		const change = await instance.apply([request("a"), request("b")]);
		expect(change).toMatchObject({ restarted: ["b"], unchanged: ["a"] });
		await vi.waitFor(() => expect(stateOf("b")).toBe("running"), WAIT);
		expect(attempts.filter((name) => name === "b")).toHaveLength(2);
	});

	it("ends with the first failure when none runs and none is tried again", async () => {
		const { instance, failures } = createInstance();
		failures.set("a", "PERMISSION_DENIED");
		failures.set("b", "TUN_DEVICE_MISSING");
		await instance.apply([request("a"), request("b")]);
		expect(await instance.ended).toMatchObject({
			kind: "failed",
			failure: { code: "PERMISSION_DENIED" },
		});
	});

	it("ends with the first failure of a single tunnel, whatever the cause", async () => {
		const { instance, failures, attempts } = createInstance(false);
		failures.set("a", "REMOTE_NOT_RESOLVED");
		await instance.apply([request("a")]);
		expect(await instance.ended).toMatchObject({
			failure: { code: "REMOTE_NOT_RESOLVED" },
		});
		expect(attempts).toEqual(["a"]);
	});

	it("stops a tunnel that waits for its next attempt at once", async () => {
		const { instance, failures, stateOf } = createInstance();
		failures.set("a", "REMOTE_NOT_RESOLVED");
		await instance.apply([request("a")]);
		await vi.waitFor(() => expect(stateOf("a")).toBe("waiting"), WAIT);
		await instance.stop();
		expect(await instance.ended).toEqual({ kind: "stopped" });
	});

	it("stops and restarts one by name, and says when there is none", async () => {
		const { instance, attempts, stateOf } = createInstance();
		await instance.apply([request("a"), request("b")]);
		await vi.waitFor(() => expect(stateOf("b")).toBe("running"), WAIT);
		expect(await instance.stopTunnel("a")).toBe(true);
		expect(stateOf("a")).toBe("stopped");
		expect(await instance.restartTunnel("a")).toBe(true);
		await vi.waitFor(() => expect(stateOf("a")).toBe("running"), WAIT);
		expect(attempts.filter((name) => name === "a")).toHaveLength(2);
		expect(instance.tunnels.map(({ name }) => name)).toEqual(["a", "b"]);
		expect(await instance.stopTunnel("x")).toBe(false);
		expect(await instance.restartTunnel("x")).toBe(false);
	});
});
