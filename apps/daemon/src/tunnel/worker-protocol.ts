// Messages between the supervisor (main thread) and a tunnel's worker. Rates are bounded by the sender.

import type { FlowCloseReason } from "@tunscope/fake-tcp";
import type { TunnelConfig } from "@tunscope/shared";
import type { TunOffloads } from "@tunscope/tun";
import type { AnomalyReport } from "../anomaly/anomaly-report.js";

/** An address literal that the main thread has resolved. */
export interface ResolvedAddress {
	readonly family: 4 | 6;
	readonly address: string;
	readonly port: number;
}

/** `workerData` of a tunnel's worker. */
export interface TunnelWorkerInput {
	readonly config: TunnelConfig;
	/** Client: the servers to try, in order. Server: the UDP targets, in order. */
	readonly remotes: readonly ResolvedAddress[];
	/** Bytes of --handshake-packet, if any. */
	readonly handshakePacket: Uint8Array | null;
	/** Float64 counters, laid out by counter-layout.ts. */
	readonly counters: SharedArrayBuffer;
	/** Memory of the capture ring; null when nothing is captured. */
	readonly capture: SharedArrayBuffer | null;
	/** Random seed for ports, initial sequence numbers and table hashing: 4 words from crypto. */
	readonly seed: readonly [number, number, number, number];
}

export type ToWorker =
	/** Answer to `tun-opened`: addresses, routes and rules are in place. */
	| { readonly kind: "host-ready"; readonly linkMtuBytes: number }
	/** The link MTU towards the peer changed. */
	| { readonly kind: "link-mtu"; readonly linkMtuBytes: number }
	/** The remote's name leads to these now, in order of preference. New flows go there; silent ones move there. */
	| { readonly kind: "remotes"; readonly remotes: readonly ResolvedAddress[] }
	/** The path to these peers is another one (null: to all): their flows begin anew. */
	| { readonly kind: "renew-flows"; readonly peers: readonly string[] | null }
	/** Somebody asks for it: every flow gets a successor on a new port, and is left when that is open. */
	| { readonly kind: "reconnect" }
	/** The machine had slept: peers may have forgotten us, so they are asked. */
	| { readonly kind: "doubt-peers" }
	/** The TUN as it is now, after events about it were lost. */
	| {
			readonly kind: "tun-link";
			readonly tunName: string;
			readonly isUp: boolean;
			readonly linkMtuBytes: number;
	  }
	| {
			readonly kind: "list-flows";
			readonly requestId: number;
			readonly limit: number;
	  }
	/** Close every flow with RST, then the TUN, then exit. */
	| { readonly kind: "stop" };

export interface FlowDescription {
	readonly slot: number;
	readonly state: "SYN-SENT" | "SYN-RECEIVED" | "ESTABLISHED";
	/** The UDP application (client role) as "address:port"; the target socket's local port in the server role. */
	readonly application: string;
	/** The fake-TCP peer as "address:port". */
	readonly peer: string;
	readonly localPort: number;
	readonly openedMsAgo: number;
	readonly lastInboundMsAgo: number;
	readonly segmentsSent: number;
	readonly segmentsReceived: number;
	readonly payloadBytesSent: number;
	readonly payloadBytesReceived: number;
	/** Null until the peer has said it (control segments); null for stock peers. */
	readonly peerLinkMtuBytes: number | null;
	/** Largest user datagram this flow takes now. */
	readonly maxPayloadBytes: number;
	/** What a router said that the path takes; null while none did. */
	readonly pathMtuBytes: number | null;
	readonly isTargetDown: boolean;
	/** It answers no probes. */
	readonly isPeerSilent: boolean;
	/** Null until something was measured. */
	readonly roundTrip: {
		readonly smoothedMs: number;
		readonly leastMs: number;
		readonly variationMs: number;
	} | null;
	/** Of the last ten seconds or more with traffic; null until there were some. */
	readonly inbound: {
		readonly lostPerMille: number;
		readonly latePerMille: number;
		readonly segments: number;
	} | null;
}

export type FromWorker =
	/** The TUN exists; the main thread gives it addresses, brings it up, then sends `host-ready`. Sent again after each re-creation. */
	| {
			readonly kind: "tun-opened";
			readonly tunName: string;
			readonly interfaceIndex: number;
			readonly offloads: TunOffloads;
	  }
	/** Datagrams are being carried. */
	| { readonly kind: "running" }
	| {
			readonly kind: "flow-opened";
			readonly slot: number;
			readonly peer: string;
			readonly localPort: number;
	  }
	| {
			readonly kind: "flow-closed";
			readonly slot: number;
			readonly peer: string;
			readonly localPort: number;
			readonly reason: FlowCloseReason;
	  }
	/** Flow events withheld in the last second because of the rate bound. */
	| { readonly kind: "flow-events-suppressed"; readonly count: number }
	| { readonly kind: "tun-lost"; readonly cause: "deleted" | "down" }
	/** Somebody gave the TUN another name; `tun-opened` with the new one follows. */
	| { readonly kind: "tun-renamed"; readonly from: string; readonly to: string }
	/** A link, an address or a route changed: look again. At most five a second. */
	| { readonly kind: "host-changed"; readonly isOverrun: boolean }
	/** A server that should answer does not, or every target refuses: its name may lead elsewhere. Once a second at most. */
	| { readonly kind: "peer-silent" }
	| { readonly kind: "tun-restored" }
	/** The UDP target (server) refuses datagrams, or takes them again. */
	| { readonly kind: "target-state"; readonly isDown: boolean }
	/** At most 64 reports in a message, and four messages a second. */
	| {
			readonly kind: "anomalies";
			readonly reports: readonly AnomalyReport[];
	  }
	/** Something an operator should know once, e.g. an offload that had to be switched off. */
	| {
			readonly kind: "notice";
			readonly code: string;
			readonly message: string;
			/** Left out: a warning. */
			readonly level?: "warn" | "error";
	  }
	| {
			readonly kind: "flows";
			readonly requestId: number;
			readonly total: number;
			readonly flows: readonly FlowDescription[];
	  }
	/** The worker cannot go on: the world failed. `code` is a TunErrorCode. A throw, in contrast, is our bug. */
	| {
			readonly kind: "failed";
			readonly code: string;
			readonly message: string;
			readonly whatToDo: string;
	  }
	| { readonly kind: "stopped" };
