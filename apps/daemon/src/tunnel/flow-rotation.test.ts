// A client's flows that are followed by others, at an age or on request: nothing is lost, nothing is left.

import { describe, expect, it } from "vitest";
import { PumpPair } from "./testing/pump-pair.js";

const EVERY_MS = 30_000;

/** Lets time pass as the workers do, in ticks, while the application says `fill` ten times a second. */
function talk(
	world: PumpPair,
	application: ReturnType<PumpPair["application"]>,
	milliseconds: number,
): { readonly said: number[]; readonly heard: number[] } {
	const said: number[] = [];
	const heard: number[] = [];
	for (let passedMs = 0; passedMs < milliseconds; passedMs += 100) {
		const fill = (said.length % 250) + 1;
		said.push(fill);
		world.send(application, fill);
		heard.push(...world.settle());
		world.nowMs += 100;
		for (const end of [world.client, world.server]) {
			end.application.tend(world.nowMs);
			end.pump.expire(world.nowMs);
		}
	}
	heard.push(...world.settle());
	return { said, heard };
}

const ports = (world: PumpPair) =>
	world.client.engine.flows.map(({ localPort }) => localPort);

describe("a flow that has come of age", () => {
	it("is followed by one on a new port; nothing is lost, and the old one is left after two seconds", () => {
		const world = new PumpPair({
			client: 8,
			server: 8,
			rotateEveryMs: EVERY_MS,
		});
		const application = world.application();
		world.send(application, 1);
		world.settle();
		const [firstPort] = ports(world);
		const before = talk(world, application, EVERY_MS - 500);
		expect(before.heard).toEqual(before.said);
		expect(ports(world)).toEqual([firstPort]);
		const during = talk(world, application, 1_500);
		expect(during.heard).toEqual(during.said);
		expect(ports(world)).toHaveLength(2);
		const after = talk(world, application, 3_000);
		expect(after.heard).toEqual(after.said);
		expect(ports(world)).toHaveLength(1);
		expect(ports(world)).not.toContain(firstPort);
		expect(world.client.closed).toEqual(["rotated"]);
		expect(world.server.engine.flows).toHaveLength(1);
	});

	it("still brings what was on its way to it", () => {
		const world = new PumpPair({
			client: 8,
			server: 8,
			rotateEveryMs: EVERY_MS,
		});
		const application = world.application();
		world.send(application, 1);
		world.settle();
		talk(world, application, EVERY_MS + 500);
		expect(ports(world)).toHaveLength(2);
		world.read(application);
		// The target answers where it was asked last before the change.
		world.answerFirst(77);
		world.settle();
		expect(world.read(application)).toEqual([77]);
	});

	it("stays where it is when its successor does not open, and tries again ten seconds later", () => {
		const world = new PumpPair({
			client: 8,
			server: 1,
			rotateEveryMs: EVERY_MS,
		});
		const application = world.application();
		world.send(application, 1);
		world.settle();
		const [firstPort] = ports(world);
		// The server has no slot for a second flow while the first is alive.
		const { said, heard } = talk(world, application, EVERY_MS + 25_000);
		expect(heard).toEqual(said);
		expect(ports(world)).toContain(firstPort);
		expect(
			world.client.closed.filter((reason) => reason === "handshake-timeout"),
		).toHaveLength(3);
		expect(world.client.closed).not.toContain("rotated");
	});

	it("stays when nobody uses it", () => {
		const world = new PumpPair({
			client: 8,
			server: 8,
			rotateEveryMs: EVERY_MS,
		});
		world.send(world.application(), 1);
		world.settle();
		for (let passedMs = 0; passedMs < 100_000; passedMs += 100) {
			world.nowMs += 100;
			// It is young, then unused for a minute.
			if (passedMs < 25_000 || passedMs > 65_000)
				world.client.application.tend(world.nowMs);
		}
		expect(ports(world)).toHaveLength(1);
		expect(world.client.closed).toEqual([]);
	});
});

describe("reconnect", () => {
	it("gives every flow in use a successor at once, without a gap", () => {
		const world = new PumpPair({ client: 16, server: 16 });
		const applications = world.conversations(3);
		const before = ports(world);
		world.client.application.reconnect(world.nowMs);
		expect(ports(world)).toHaveLength(6);
		// Asked twice is asked once.
		world.client.application.reconnect(world.nowMs);
		expect(ports(world)).toHaveLength(6);
		const [first] = applications;
		if (first === undefined) throw new Error("no application");
		const { said, heard } = talk(world, first, 3_000);
		expect(heard).toEqual(said);
		expect(ports(world)).toHaveLength(3);
		for (const port of before) expect(ports(world)).not.toContain(port);
		for (const [index, application] of applications.entries())
			world.send(application, 100 + index);
		expect(world.settle()).toEqual([100, 101, 102]);
		expect(world.client.engine.flows).toHaveLength(3);
	});

	it("in a full table begins flows anew instead", () => {
		const world = new PumpPair({ client: 2, server: 8 });
		const [first] = world.conversations(2);
		const before = ports(world);
		world.client.application.reconnect(world.nowMs);
		world.client.pump.expire(world.nowMs);
		world.settle();
		expect(ports(world)).toHaveLength(2);
		for (const port of before) expect(ports(world)).not.toContain(port);
		if (first === undefined) throw new Error("no application");
		world.send(first, 9);
		expect(world.settle()).toEqual([9]);
	});

	it("closes what nobody has used for a minute, and is nothing to a server", () => {
		const world = new PumpPair({ client: 8, server: 8 });
		world.conversations(1);
		world.server.application.reconnect(world.nowMs);
		expect(world.server.engine.flows).toHaveLength(1);
		world.nowMs += 61_000;
		world.client.application.reconnect(world.nowMs);
		expect(world.client.engine.flows).toHaveLength(0);
	});
});
