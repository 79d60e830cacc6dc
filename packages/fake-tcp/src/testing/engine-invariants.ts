// What has to be true of an engine at any time, whatever came from the wire; for tests that drive it at random.

import type { Flow } from "../flow/flow.js";
import type { WireProfileName } from "../flow/wire-profile.js";
import { headersBytes, MINIMUM_LINK_MTU_BYTES } from "../mtu/mtu-arithmetic.js";
import { DROP_REASON_ROWS } from "../wire/drop-reason.js";
import { sequenceLess } from "../wire/sequence.js";
import type { EngineHost } from "./engine-host.js";

/** A broken invariant, as a sentence. */
class BrokenInvariant extends Error {}

function holds(isTrue: boolean, claim: string): void {
	if (!isTrue) throw new BrokenInvariant(claim);
}

/** Packets whose fate is known, or that are held until it is: each packet read must be one of these. */
export function fatesOf(host: EngineHost): number {
	let fates =
		host.counter("packetsDelivered") +
		host.counter("packetsConsumed") +
		host.counter("packetsReassembled") +
		host.counter("packetsTakenAsEvidence") +
		// Theirs is open, and counted as one until it is decided.
		host.counter("packetsHeld");
	for (const [reason, count] of host.drops.entries()) {
		if (DROP_REASON_ROWS[reason]?.side === "tun") fates += count;
	}
	return fates;
}

interface SeenFlow {
	/** The slot's tenants in turn. */
	readonly closedBefore: number;
	readonly rcvNxt: number;
	readonly sndNxt: number;
}

export class EngineInvariants {
	readonly #host: EngineHost;
	readonly #isMonotonic: boolean;
	readonly #seen = new Map<number, SeenFlow>();
	readonly #closedOfSlot = new Map<number, number>();
	#closedCounted = 0;
	#renewedCounted = 0;

	constructor(host: EngineHost, profile: WireProfileName = "default") {
		this.#host = host;
		this.#isMonotonic = profile === "default";
	}

	/** @throws BrokenInvariant */
	check(): void {
		const { engine } = this.#host;
		this.#checkCounters();
		const { flows } = engine;
		holds(
			engine.establishedCount >= 0 && engine.halfOpenCount >= 0,
			"numbers of flows are not negative",
		);
		holds(
			engine.establishedCount ===
				flows.filter(({ state }) => state === "ESTABLISHED").length,
			"establishedCount is the number of flows in ESTABLISHED",
		);
		holds(
			engine.establishedCount + engine.halfOpenCount === flows.length,
			"every live flow is open or half open",
		);
		const keys = new Set(flows.map(({ key }) => key.join()));
		holds(keys.size === flows.length, "no two live flows share a tuple");
		this.#checkPending(flows);
		this.#noteClosed();
		for (const flow of flows) this.#checkFlow(flow);
	}

	/** Behind `engine.expire(nowMs)`: nothing is overdue. @throws BrokenInvariant */
	checkTimers(nowMs: number): void {
		for (const flow of this.#host.engine.flows) {
			if (flow.state !== "ESTABLISHED")
				holds(
					flow.nextTransmissionMs > nowMs,
					`flow ${flow.slot}: the next transmission lies ahead`,
				);
			else if (!flow.isWindowOpen && flow.nextWindowOpenerMs > 0)
				holds(
					flow.nextWindowOpenerMs > nowMs,
					`flow ${flow.slot}: the next window opener lies ahead`,
				);
		}
	}

	#checkCounters(): void {
		const host = this.#host;
		holds(
			fatesOf(host) === host.counter("packetsReceived"),
			`every packet has one fate: ${fatesOf(host)} of ${host.counter("packetsReceived")}`,
		);
		for (const counters of [host.counters, host.drops])
			for (const count of counters)
				holds(Number.isInteger(count) && count >= 0, "counters count upwards");
		holds(
			host.counter("flowsClosed") === host.closed.length + host.renewed.length,
			"every flow that is closed or begins anew is told to the sink",
		);
		holds(
			host.counter("flowsOpened") === host.opened.length,
			"every opened flow is told to the sink",
		);
	}

	#checkPending(flows: readonly Flow[]): void {
		const { pendingBytes } = this.#host.engine;
		holds(pendingBytes >= 0, "the pending budget is never negative");
		const waiting = flows.some(({ pending }) => (pending?.count ?? 0) > 0);
		holds(
			waiting === pendingBytes > 0,
			"octets wait exactly while datagrams do",
		);
	}

	#noteClosed(): void {
		const { closed, renewed } = this.#host;
		for (; this.#closedCounted < closed.length; this.#closedCounted++)
			this.#noteEnd(closed[this.#closedCounted]?.slot ?? -1);
		for (; this.#renewedCounted < renewed.length; this.#renewedCounted++)
			this.#noteEnd(renewed[this.#renewedCounted]?.slot ?? -1);
	}

	#noteEnd(slot: number): void {
		this.#closedOfSlot.set(slot, (this.#closedOfSlot.get(slot) ?? 0) + 1);
	}

	#checkFlow(flow: Flow): void {
		const name = `flow ${flow.slot}`;
		const { engine } = this.#host;
		holds(engine.flowAt(flow.slot) === flow, `${name} is found by its slot`);
		holds(flow.state !== "CLOSED", `${name} is live and not CLOSED`);
		holds(
			flow.maxPayloadBytes >=
				MINIMUM_LINK_MTU_BYTES[flow.family] - headersBytes(flow.family),
			`${name}: nothing lowers the payload limit below the floor`,
		);
		const closedBefore = this.#closedOfSlot.get(flow.slot) ?? 0;
		const { rcvNxt, sndNxt } = flow;
		const before = this.#seen.get(flow.slot);
		this.#seen.set(flow.slot, { closedBefore, rcvNxt, sndNxt });
		if (flow.state !== "ESTABLISHED") this.#seen.delete(flow.slot);
		if (before?.closedBefore !== closedBefore || !this.#isMonotonic) return;
		holds(
			!sequenceLess(rcvNxt, before.rcvNxt),
			`${name}: rcvNxt never moves back`,
		);
		holds(
			!sequenceLess(sndNxt, before.sndNxt),
			`${name}: sndNxt never moves back`,
		);
	}
}
