// A flow that goes on towards another address of its peer: what waits for its handshake, and what it has failed at, go with it.

import type { Flow } from "../flow/flow.js";
import { DROP } from "../wire/drop-reason.js";
import type { EngineCore } from "./engine-core.js";

/** Closes a flow and opens the next one through the callbacks. @returns the new flow, or why there is none. */
export function moveFlow<Refusal extends string>(
	core: EngineCore,
	flow: Flow,
	close: () => void,
	open: () => Flow | Refusal,
): Flow | Refusal {
	// Behind a handshake the packet of --handshake-packet is out, and has to come first again.
	const waiting = flow.state === "ESTABLISHED" ? null : flow.pending;
	if (waiting !== null) flow.pending = null;
	const { failedAttempts, failingSinceMs, heardBeforeMs } = flow;
	const wantedMs = core.flows.wantedMs[flow.slot] ?? 0;
	close();
	const next = open();
	if (typeof next === "string") {
		const lost = waiting?.clear() ?? 0;
		for (let datagram = 0; datagram < lost; datagram++)
			core.drop(DROP["handshake-failed"], 0, 0);
		return next;
	}
	core.flows.wantedMs[next.slot] = wantedMs;
	next.failedAttempts = failedAttempts;
	next.failingSinceMs = failingSinceMs;
	next.heardBeforeMs = heardBeforeMs;
	if (waiting === null) return next;
	next.pending?.clear();
	next.pending = waiting;
	return next;
}
