// What every TUN implementation does with names, MTU, going down and going away.

import { constants } from "node:os";
import { beforeEach, describe, expect, it } from "vitest";
import { TunError } from "../errors.js";
import { InvariantError } from "../invariant.js";
import { READY } from "../packet-io.js";
import type { TunDevice } from "../tun-device.js";
import { type ComplianceLab, waitFor } from "./compliance-lab.js";
import { readSegments } from "./segment-reader.js";
import { patternBytes } from "./train-builder.js";
import { ROUTES, type TunBench, useTunBench } from "./tun-bench.js";

const ARENA = new Uint8Array(1_024);
const BAD_NAMES = [
	"sixteen-char-nam",
	"a b",
	"a/b",
	"a:b",
	".",
	"a%db%d",
	"%s",
];

/** The code of the TunError that `action` throws. */
export function codeOf(action: () => unknown): string {
	try {
		action();
	} catch (error) {
		return error instanceof TunError ? error.code : String(error);
	}
	return "no error";
}

function describeNames(openLab: () => ComplianceLab): void {
	let open: (name?: string) => TunDevice;
	beforeEach(() => {
		const { io } = openLab();
		open = (name) =>
			io.openTun(name ? { arena: ARENA, name } : { arena: ARENA });
	});

	it("takes the name it is asked for", () => {
		const tun = open("exact15charname");
		expect(tun.name).toBe("exact15charname");
		expect(tun.interfaceIndex).toBeGreaterThan(0);
		expect(tun.linkMtuBytes()).toBe(1_500);
		tun.close();
	});

	it("takes the next free name of a pattern, and of none", () => {
		const tuns = [open("suite%d"), open("suite%d"), open()];
		const [first, second, third] = tuns.map(({ name }) => name);
		expect([first, second]).toEqual(["suite0", "suite1"]);
		expect(third).toMatch(/^tun\d+$/);
		for (const tun of tuns) {
			tun.close();
		}
	});

	for (const name of BAD_NAMES) {
		it(`refuses the name "${name}"`, () => {
			expect(codeOf(() => open(name))).toBe("NAME_INVALID");
		});
	}

	it("refuses a name that is taken, until it is free again", () => {
		const tun = open("suite");
		expect(codeOf(() => open("suite"))).toBe("NAME_IN_USE");
		tun.close();
		const second = open("suite");
		expect(second.name).toBe("suite");
		second.close();
	});
}

function describeOptions(openLab: () => ComplianceLab): void {
	it("refuses a misspelt option and a misspelt choice", () => {
		const { io } = openLab();
		const openWith = (more: object) => () =>
			io.openTun({ arena: ARENA, ...more });
		expect(openWith({ nmae: "suite" })).toThrow(/no option "nmae"/);
		expect(openWith({ offloads: "some" })).toThrow(InvariantError);
		expect(openWith({ arena: new Uint8Array(0) })).toThrow(InvariantError);
	});
}

async function countsWhileDown(bench: TunBench) {
	const { lab, pair, builder, collect } = bench;
	builder.addTcp(ROUTES.ipv4, patternBytes(100), 40);
	builder.addTcp(ROUTES.ipv4, new Uint8Array(0), 0);
	lab.setDown(pair.left, true);
	// What the kernel itself had queued before may still come.
	await waitFor("silence", () => pair.left.readBatch(bench.batch) === 0);
	expect(pair.left.writeTrains(builder.trains)).toMatchObject({
		segmentsWritten: 0,
		segmentsDroppedDeviceDown: 4,
		lastErrno: constants.errno.EIO,
		isGone: false,
	});
	lab.setDown(pair.left, false);
	expect(pair.left.writeTrains(builder.trains).segmentsWritten).toBe(4);
	await collect(100);
}

/** Each read brings one packet or none; the kernel's own chatter may be among them. */
async function readsOneAtATime({ pair, builder, batch, arena }: TunBench) {
	for (let segment = 0; segment < 3; segment++)
		builder.addTcp(ROUTES.ipv4, patternBytes(10), 10);
	pair.left.writeTrains(builder.trains);
	const sizes: number[] = [];
	await waitFor("three segments", () => {
		const segments = readSegments(pair.right, batch, arena, 1);
		expect(batch.count).toBeLessThanOrEqual(1);
		sizes.push(...segments.map(({ payload }) => payload.length));
		return sizes.length >= 3;
	});
	expect(sizes).toEqual([10, 10, 10]);
}

async function saysGoneWhenDeleted(bench: TunBench) {
	const { lab, pair, builder, batch } = bench;
	const poller = lab.io.createPoller();
	poller.add(pair.left, -7);
	lab.deleteTun(pair.left);
	await waitFor("the error flag", () => {
		const count = poller.poll();
		const isThere = count === 1 && poller.readyTokens[0] === -7;
		return isThere && ((poller.readyFlags[0] ?? 0) & READY.error) !== 0;
	});
	expect(pair.left.readBatch(batch)).toBe(-1);
	builder.addTcp(ROUTES.ipv4, patternBytes(9), 9);
	builder.addTcp(ROUTES.ipv4, patternBytes(9), 2);
	expect(pair.left.writeTrains(builder.trains)).toMatchObject({
		segmentsWritten: 0,
		segmentsDroppedOther: 6,
		isGone: true,
	});
	expect(codeOf(() => pair.left.linkMtuBytes())).toBe("DEVICE_GONE");
	pair.left.close();
	expect(poller.poll()).toBe(0);
	poller.close();
}

function isGoneAfterClose({ pair, builder, batch }: TunBench) {
	pair.left.close();
	pair.left.close();
	expect(pair.left.readBatch(batch)).toBe(-1);
	builder.addTcp(ROUTES.ipv4, patternBytes(9), 9);
	builder.addTcp(ROUTES.ipv4, patternBytes(9), 2);
	expect(pair.left.writeTrains(builder.trains)).toMatchObject({
		segmentsWritten: 0,
		segmentsDroppedOther: 6,
		isGone: true,
	});
	expect(codeOf(() => pair.left.linkMtuBytes())).toBe("CLOSED");
}

/** Runs the suite; `openLab` gives a fresh world whose factory is the one under test. */
export function describeTunLife(openLab: () => ComplianceLab): void {
	describe("names", () => describeNames(openLab));
	describe("options", () => describeOptions(openLab));
	describe("changes", () => {
		const open = useTunBench(openLab);
		it("tells a changed MTU", () => {
			const { lab, pair } = open();
			lab.setLinkMtu(pair.left, 1_300);
			expect(pair.left.linkMtuBytes()).toBe(1_300);
		});
		it("counts what it cannot write while down, and recovers", async () =>
			await countsWhileDown(open()));
		it("reads no more packets than it is asked for", async () =>
			await readsOneAtATime(open("none", "none")));
		it("says that a deleted device is gone: read, write, MTU, poller", async () =>
			await saysGoneWhenDeleted(open()));
		it("may be closed twice, and is gone afterwards", () =>
			isGoneAfterClose(open()));
	});
}
