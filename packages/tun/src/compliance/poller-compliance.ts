// What every poller and link watch does: readiness by token, level triggered, silent after the end.

import { MessageChannel } from "node:worker_threads";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { LinkEvent } from "../link-watch.js";
import { type Poller, type PollerOptions, READY } from "../packet-io.js";
import type { UdpSocket } from "../udp-socket.js";
import { type ComplianceLab, waitFor } from "./compliance-lab.js";
import { UdpBench } from "./udp-bench.js";

class PollerBench {
	readonly udp: UdpBench;
	readonly poller: Poller;
	readonly receiver: UdpSocket;
	readonly #sender: UdpSocket;

	constructor(lab: ComplianceLab, options: PollerOptions) {
		this.udp = new UdpBench(lab);
		this.poller = lab.io.createPoller(options);
		const { receiver, sender } = this.udp.openPair(4);
		this.receiver = receiver;
		this.#sender = sender;
	}

	send(): void {
		const outcome = this.udp.send(this.#sender, Uint8Array.of(1, 2, 3));
		expect(outcome.datagramsSent).toBe(1);
	}

	drain(): number {
		return this.udp.receiveNow(this.receiver).length;
	}

	readyTokens(): number[] {
		const count = this.poller.poll();
		return [...this.poller.readyTokens.slice(0, count)];
	}

	async untilReady(): Promise<void> {
		await waitFor("readiness", () => this.poller.poll() === 1);
	}

	close(): void {
		this.poller.close();
		this.udp.close();
	}
}

function describePolling(bench: () => PollerBench): void {
	it("reports a ready source by its token until it is drained", async () => {
		const { poller, receiver } = bench();
		poller.add(receiver, 41);
		expect(poller.poll()).toBe(0);
		bench().send();
		await bench().untilReady();
		expect((poller.readyFlags[0] ?? 0) & READY.readable).toBe(READY.readable);
		expect(bench().readyTokens()).toEqual([41]);
		expect(bench().drain()).toBe(1);
		expect(poller.poll()).toBe(0);
	});

	it("takes a new token for a source it has, and none for one removed", async () => {
		const { poller, receiver } = bench();
		poller.add(receiver, 1);
		poller.add(receiver, -2_147_483_648);
		bench().send();
		await bench().untilReady();
		expect(bench().readyTokens()).toEqual([-2_147_483_648]);
		poller.remove(receiver);
		poller.remove(receiver);
		expect(poller.poll()).toBe(0);
	});

	it("forgets a source that is closed", async () => {
		const { poller, receiver } = bench();
		poller.add(receiver, 5);
		bench().send();
		await bench().untilReady();
		receiver.close();
		expect(poller.poll()).toBe(0);
		poller.remove(receiver);
	});
}

function describeCallbacks(bench: () => PollerBench): void {
	it("calls back again while something is left, and not after stop", async () => {
		const { poller, receiver } = bench();
		let calls = 0;
		poller.add(receiver, receiver.token);
		poller.start((ready) => {
			calls += 1;
			expect(ready).toBe(1);
			expect(poller.readyTokens[0]).toBe(receiver.token);
			if (calls === 3) {
				bench().drain();
			}
		});
		bench().send();
		await waitFor("three calls", () => calls === 3);
		bench().send();
		await waitFor("another call", () => calls > 3);
		poller.stop();
		poller.stop();
		const callsAtStop = calls;
		// Two turns of the loop, in which a callback that was still due would run.
		await new Promise((resolve) => setImmediate(resolve));
		await new Promise((resolve) => setTimeout(resolve, 1));
		expect(calls).toBe(callsAtStop);
		poller.start(() => {
			calls += 1;
			bench().drain();
		});
		await waitFor("a call after the restart", () => calls > callsAtStop);
	});

	it("may be closed from its own callback, and twice", async () => {
		const { poller, receiver } = bench();
		let calls = 0;
		poller.add(receiver, 0);
		poller.start(() => {
			calls += 1;
			poller.close();
			poller.close();
		});
		bench().send();
		await waitFor("the call", () => calls === 1);
		await new Promise((resolve) => setImmediate(resolve));
		expect(poller.poll()).toBe(0);
		expect(calls).toBe(1);
	});
}

/** The event loop's share beside a source that is always ready. */
function describeTurns(bench: () => PollerBench): void {
	it("lets timers, immediates, promises and messages of other threads through", async () => {
		const { poller, receiver } = bench();
		const seen = new Set<string>();
		const { port1, port2 } = new MessageChannel();
		port2.on("message", () => seen.add("message"));
		let calls = 0;
		poller.add(receiver, 0);
		bench().send();
		poller.start(() => {
			calls += 1;
			if (calls !== 1) return;
			setTimeout(() => seen.add("timer"), 1);
			setImmediate(() => seen.add("immediate"));
			queueMicrotask(() => seen.add("promise"));
			process.nextTick(() => seen.add("tick"));
			port1.postMessage("hello");
		});
		await waitFor("all five", () => seen.size === 5);
		expect(calls).toBeGreaterThan(1);
		port1.close();
		port2.close();
	});

	it("runs what a callback promised although nothing else happens", async () => {
		const { poller, receiver } = bench();
		const seen: string[] = [];
		poller.add(receiver, 0);
		poller.start(() => {
			bench().drain();
			void Promise.resolve().then(() => seen.push("promise"));
		});
		bench().send();
		await waitFor("the promise", () => seen.length === 1);
	});
}

async function tellsAboutDevices(bench: PollerBench) {
	const { poller } = bench;
	const { lab } = bench.udp;
	const events: LinkEvent[] = [];
	const watch = lab.io.openLinkWatch({ onEvent: (e) => events.push(e) });
	poller.add(watch, -9);
	poller.start(() => {
		expect(bench.readyTokens()).toEqual([-9]);
		watch.drain();
	});
	const offloads = { left: "auto", right: "auto" } as const;
	const { left, right } = lab.openTunPair(new Uint8Array(1_024), offloads);
	const about = (check: (event: LinkEvent & { kind: "link" }) => boolean) =>
		events.some(
			(event) =>
				event.kind === "link" &&
				event.interfaceIndex === left.interfaceIndex &&
				event.name === left.name &&
				check(event),
		);
	lab.setLinkMtu(left, 1_280);
	await waitFor("the MTU", () => about((e) => e.linkMtuBytes === 1_280));
	lab.setDown(left, true);
	await waitFor("down", () => about((e) => !e.isUp && !e.isDeleted));
	lab.setDown(left, false);
	await waitFor("up", () => about((e) => e.isUp));
	lab.deleteTun(left);
	await waitFor("the end", () => about((e) => e.isDeleted));
	left.close();
	right.close();
	watch.close();
	watch.close();
	watch.drain();
}

/** Runs the suite; `openLab` gives a fresh world whose factory is the one under test. */
export function describePollerCompliance(openLab: () => ComplianceLab): void {
	describe.each([{ ownsThread: false }, { ownsThread: true }])(
		"with %j",
		(options) => {
			let current: PollerBench;
			beforeEach(() => {
				current = new PollerBench(openLab(), options);
			});
			afterEach(() => current.close());
			describe("polling", () => describePolling(() => current));
			describe("callbacks", () => describeCallbacks(() => current));
			describe("turns", () => describeTurns(() => current));
			it("watches a device appear, change and go", async () =>
				await tellsAboutDevices(current));
		},
	);
}
