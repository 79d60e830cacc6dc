// What a tunnel is doing, in words that an operator would use, and whether that is good.

import type { ManagedState } from "../instance/managed-tunnel.js";
import type { CounterSample } from "../tunnel/counter-sample.js";

export interface StateFacts {
	readonly role: "client" | "server";
	/** As configured, e.g. "vpn.example.net:4567". */
	readonly remote: string;
	readonly state: ManagedState;
	/** Null before there was a worker. */
	readonly gauges: CounterSample["gauges"] | null;
}

export interface StateWords {
	readonly words: string;
	/** "passing" mends itself, "ended" was asked for. */
	readonly health: "good" | "passing" | "bad" | "ended";
}

export function stateInWords(facts: StateFacts): StateWords {
	switch (facts.state) {
		case "starting":
			return {
				words: "starting: opening the TUN and preparing the host",
				health: "passing",
			};
		case "tun-lost":
			return {
				words: "the TUN is gone or down: waiting for it to come back",
				health: "bad",
			};
		case "waiting":
			return {
				words: "could not start: waiting to try again",
				health: "bad",
			};
		case "restarting":
			return {
				words: "the worker ended unexpectedly: starting it again",
				health: "bad",
			};
		case "stopping":
			return {
				words: "stopping: closing flows, undoing rules",
				health: "passing",
			};
		case "stopped":
			return { words: "stopped", health: "ended" };
		case "failed":
			return { words: "failed", health: "bad" };
		case "running":
			return runningInWords(facts);
	}
}

function runningInWords({ role, gauges, remote }: StateFacts): StateWords {
	if (gauges?.isTargetDown === 1) {
		return {
			words: `${remote} refuses datagrams: is the UDP service running?`,
			health: "bad",
		};
	}
	const { flowsEstablished = 0, flowsHalfOpen = 0 } = gauges ?? {};
	if (flowsEstablished > 0) return { words: "connected", health: "good" };
	if (flowsHalfOpen > 0) {
		const words =
			role === "client" ? `connecting to ${remote}` : "a client is connecting";
		return { words, health: "passing" };
	}
	const awaited = role === "client" ? "the first datagram" : "clients";
	return { words: `ready, waiting for ${awaited}`, health: "good" };
}
