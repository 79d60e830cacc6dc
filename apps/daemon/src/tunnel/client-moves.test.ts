// A client's flows when a server does not answer, when its name leads elsewhere, and when the path changes.

import { beforeEach, describe, expect, it } from "vitest";
import { PumpPair } from "./testing/pump-pair.js";
import type { ResolvedAddress } from "./worker-protocol.js";

const at = (address: string): ResolvedAddress => ({
	family: 4,
	address,
	port: 4_567,
});
const LIVE = at("192.168.201.2");
/** Nobody has these: what is sent there is lost. */
const DEAD = [at("203.0.113.1"), at("203.0.113.2")] as const;

let world: PumpPair;
beforeEach(() => {
	world = new PumpPair({ client: 8, server: 8 });
});

/** Lets time pass as the worker does, in ticks. @returns whether a server was silent meanwhile. */
function pass(milliseconds: number): boolean {
	const { client } = world;
	let isSilent = false;
	for (let passedMs = 0; passedMs < milliseconds; passedMs += 100) {
		world.nowMs += 100;
		isSilent = client.application.tend(world.nowMs) || isSilent;
		client.pump.expire(world.nowMs);
	}
	return isSilent;
}

function leadTo(...remotes: readonly ResolvedAddress[]): void {
	world.client.application.replaceRemotes(remotes, world.nowMs);
}

function peers(): readonly string[] {
	return world.client.engine.flows.map((flow) =>
		[24, 16, 8, 0]
			.map((shift) => ((flow.key[3] ?? 0) >>> shift) & 255)
			.join("."),
	);
}

describe("a handshake that nobody answers", () => {
	it("goes to the next address after a second, with everything that waits for it", () => {
		leadTo(DEAD[0]);
		leadTo(DEAD[0], DEAD[1], LIVE);
		const application = world.application();
		world.send(application, 1);
		world.send(application, 2);
		expect(world.settle()).toEqual([]);
		expect(pass(900)).toBe(false);
		expect(peers()).toEqual([DEAD[0].address]);
		pass(100);
		expect(peers()).toEqual([DEAD[1].address]);
		pass(1_000);
		expect(world.settle()).toEqual([1, 2]);
		expect(world.client.closed).toEqual(["moved", "moved"]);
		expect(world.client.dropped("handshake-failed")).toBe(0);
	});

	it("is remembered: the next application goes to what answered", () => {
		leadTo(DEAD[0]);
		leadTo(DEAD[0], LIVE);
		world.send(world.application(), 1);
		world.settle();
		pass(1_100);
		expect(world.settle()).toEqual([1]);
		world.send(world.application(), 2);
		expect(world.settle()).toEqual([2]);
	});

	it("packet case 66: it ends in a timeout when no address answers, and says that it is silent", () => {
		leadTo(DEAD[0]);
		leadTo(...DEAD);
		world.send(world.application(), 1);
		world.settle();
		expect(pass(1_500)).toBe(true);
		pass(4_000);
		expect(world.client.closed).toEqual(["moved", "handshake-timeout"]);
		expect(world.client.dropped("handshake-failed")).toBe(1);
	});
});

describe("an open flow", () => {
	it("stays where it is answered although the name leads elsewhere", () => {
		const [application] = world.conversations(1);
		leadTo(DEAD[0]);
		pass(1_000);
		if (application === undefined) throw new Error("no application");
		world.send(application, 7);
		expect(world.settle()).toEqual([7]);
		expect(world.client.closed).toEqual([]);
	});

	it("moves to where the name leads after five seconds of silence", () => {
		world.conversations(1);
		leadTo(DEAD[0]);
		pass(4_900);
		expect(peers()).toEqual([LIVE.address]);
		pass(200);
		expect(peers()).toEqual([DEAD[0].address]);
	});

	it("begins anew on another port when its path changes, and carries on", () => {
		const [application] = world.conversations(1);
		const [before] = world.client.engine.flows;
		const portBefore = before?.localPort;
		const { client } = world;
		client.application.renewFlows(["203.0.113.1"], world.nowMs);
		expect(client.closed).toEqual([]);
		client.application.renewFlows([LIVE.address], world.nowMs);
		client.pump.expire(world.nowMs);
		world.settle();
		expect(client.closed).toEqual(["moved"]);
		expect(client.engine.flows.map(({ localPort }) => localPort)).not.toEqual([
			portBefore,
		]);
		if (application === undefined) throw new Error("no application");
		world.send(application, 9);
		expect(world.settle()).toEqual([9]);
		expect(client.engine.flows).toHaveLength(1);
	});

	it("is only closed when nobody has used it for a minute", () => {
		world.conversations(1);
		world.nowMs += 61_000;
		world.client.application.renewFlows(null, world.nowMs);
		expect(world.client.engine.flows).toHaveLength(0);
	});

	it("that is being opened anew moves the moment its server is no longer one", () => {
		const [application] = world.conversations(1);
		if (application === undefined) throw new Error("no application");
		world.network.setTunDown(world.client.tun, true);
		const [flow] = world.client.engine.flows;
		// Until it waits for its next attempt.
		const isPausing = () => (flow?.attemptMs ?? 0) > world.nowMs;
		for (let turn = 0; turn < 300 && !isPausing(); turn++) {
			world.send(application, 7);
			world.settle();
			pass(100);
		}
		expect(isPausing()).toBe(true);
		leadTo(DEAD[0]);
		expect(peers()).toEqual([DEAD[0].address]);
	});
});
