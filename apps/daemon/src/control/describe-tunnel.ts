// One tunnel at one moment in the words of the contract: everything that `tunscope status` can say about it.

import {
	DROP_REASON_ROWS,
	isFateOfPacket,
	payloadLimitBytes,
} from "@tunscope/fake-tcp";
import type { TunnelConfig, TunnelDescription } from "@tunscope/shared/lean";
import type { ManagedState } from "../instance/managed-tunnel.js";
import { stateInWords } from "../observability/state-words.js";
import type { TrafficRates } from "../observability/traffic-rates.js";
import type { CounterSample } from "../tunnel/counter-sample.js";
import { socketAddressText } from "../tunnel/endpoint-text.js";
import type {
	FlowDescription,
	ResolvedAddress,
} from "../tunnel/worker-protocol.js";
import { describePath } from "./describe-path.js";

export interface TunnelMoment {
	/** In force: its name has a suffix where another process has a tunnel of the same name. */
	readonly config: TunnelConfig;
	readonly state: ManagedState;
	readonly inStateMs: number;
	/** Wall clock now, milliseconds since 1970. */
	readonly wallClockMs: number;
	readonly remotes: readonly ResolvedAddress[];
	/** "" while there is none. */
	readonly tunName: string;
	/** Null before the first attempt got to its worker. */
	readonly sample: CounterSample | null;
	/** Some of the flows. */
	readonly flows: readonly FlowDescription[];
	readonly rates: TrafficRates;
	readonly hostSetupState: "not-yet" | "in-place" | "undone";
	readonly lastNotice: TunnelDescription["lastNotice"];
}

export function describeTunnel(moment: TunnelMoment): TunnelDescription {
	const { config, state, inStateMs, sample, rates } = moment;
	const { role, listen, remote, tun } = config;
	const configured = hostAndPort(remote.host, remote.port);
	const gauges = sample?.gauges ?? null;
	const { sent, received } = rates;
	const { words, health } = stateInWords({
		role,
		remote: configured,
		state,
		gauges,
	});
	return {
		name: config.name,
		role,
		state,
		stateInWords: words,
		health,
		stateSince: new Date(moment.wallClockMs - inStateMs).toISOString(),
		inStateForMs: Math.round(inStateMs),
		listen:
			role === "client"
				? hostAndPort(listen.address, listen.port)
				: `port ${listen.port}`,
		remote: {
			configured,
			addresses: moment.remotes.map(socketAddressText),
			inUse: addressInUse(moment),
		},
		tun: {
			name: moment.tunName === "" ? null : moment.tunName,
			local4: tun.local4,
			peer4: tun.peer4,
			local6: config.ipv4Only ? null : tun.local6,
			peer6: config.ipv4Only ? null : tun.peer6,
		},
		linkMtu: {
			oursBytes: positiveOrNull(gauges?.linkMtuBytes),
			peersBytes: smallest(moment.flows.map((flow) => flow.peerLinkMtuBytes)),
		},
		maxPayloadBytes: maxPayload(moment),
		flows: {
			established: gauges?.flowsEstablished ?? 0,
			halfOpen: gauges?.flowsHalfOpen ?? 0,
		},
		heldFragmentBytes: gauges?.heldFragmentBytes ?? 0,
		path: describePath(moment.flows),
		lastInboundMsAgo: lastInboundAge(gauges),
		rates: { sent: rateOf(sent), received: rateOf(received) },
		totals: totalsOf(sample),
		packets: packetsOf(sample),
		drops: dropsOf(sample),
		hostSetup: {
			mode: config.hostSetup,
			state:
				config.hostSetup === "auto"
					? moment.hostSetupState
					: "left-to-operator",
		},
		lastNotice: moment.lastNotice,
	};
}

function hostAndPort(host: string, port: number): string {
	return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

/** A client's flows tell which of the server's addresses answered; a server hands everything to the first target. */
function addressInUse({
	config,
	state,
	remotes,
	flows,
}: TunnelMoment): string | null {
	if (state !== "running") return null;
	const [first] = remotes;
	if (config.role === "server")
		return first === undefined ? null : socketAddressText(first);
	const [latest] = flows
		.filter(({ state: ofFlow }) => ofFlow === "ESTABLISHED")
		.sort((one, other) => silenceMs(one) - silenceMs(other));
	return latest?.peer ?? null;
}

function silenceMs({ lastInboundMsAgo }: FlowDescription): number {
	return lastInboundMsAgo < 0 ? Number.POSITIVE_INFINITY : lastInboundMsAgo;
}

/** What flows really take; without one, what the link allows for the family that would be used. */
function maxPayload({
	config,
	sample,
	flows,
	remotes,
}: TunnelMoment): number | null {
	const ofFlows = smallest(flows.map((flow) => flow.maxPayloadBytes));
	if (ofFlows !== null) return ofFlows;
	const linkMtuBytes = positiveOrNull(sample?.gauges.linkMtuBytes);
	if (linkMtuBytes === null) return null;
	const family = config.role === "client" ? (remotes[0]?.family ?? 4) : 4;
	return payloadLimitBytes(linkMtuBytes, family);
}

function lastInboundAge(gauges: CounterSample["gauges"] | null): number | null {
	if (gauges === null || gauges.lastInboundMs < 0) return null;
	return Math.max(0, Math.round(gauges.nowMs - gauges.lastInboundMs));
}

function rateOf(direction: TrafficRates["sent"]) {
	const { bitsPerSecond, datagramsPerSecond } = direction;
	return { bitsPerSecond, datagramsPerSecond };
}

function totalsOf(sample: CounterSample | null): TunnelDescription["totals"] {
	const engine = sample?.engine;
	return {
		sent: {
			datagrams: engine?.segmentsSent ?? 0,
			payloadBytes: engine?.payloadBytesSent ?? 0,
		},
		received: {
			datagrams: engine?.segmentsReceived ?? 0,
			payloadBytes: engine?.payloadBytesReceived ?? 0,
		},
	};
}

function packetsOf(sample: CounterSample | null): TunnelDescription["packets"] {
	const engine = sample?.engine;
	const drops = sample?.drops ?? [];
	return {
		read: engine?.packetsReceived ?? 0,
		delivered: engine?.packetsDelivered ?? 0,
		consumed: engine?.packetsConsumed ?? 0,
		evidence: engine?.packetsTakenAsEvidence ?? 0,
		reassembled: engine?.packetsReassembled ?? 0,
		dropped: drops.reduce(
			(sum, count, reason) => (isFateOfPacket(reason) ? sum + count : sum),
			0,
		),
		waiting: engine?.packetsHeld ?? 0,
	};
}

function dropsOf(sample: CounterSample | null): TunnelDescription["drops"] {
	return DROP_REASON_ROWS.map(({ name, meaning }, reason) => ({
		reason: name,
		count: sample?.drops[reason] ?? 0,
		meaning,
	}))
		.filter(({ count }) => count > 0)
		.sort((one, other) => other.count - one.count);
}

function positiveOrNull(value: number | undefined): number | null {
	return value === undefined || value <= 0 ? null : value;
}

function smallest(values: readonly (number | null)[]): number | null {
	const known = values.filter((value) => value !== null);
	return known.length === 0 ? null : Math.min(...known);
}
