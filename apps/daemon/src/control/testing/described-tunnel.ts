// A tunnel's description as a running daemon would give it, for tests that change a thing or two.

import type { TunnelDescription } from "@tunscope/shared";

export function describedTunnel(
	change: Partial<TunnelDescription> = {},
): TunnelDescription {
	return {
		name: "client_51821",
		role: "client",
		state: "running",
		stateInWords: "connected",
		health: "good",
		stateSince: "2026-01-01T00:00:00.000Z",
		inStateForMs: 192_000,
		listen: "127.0.0.1:51821",
		remote: {
			configured: "vpn.example.net:4567",
			addresses: ["192.0.2.1:4567", "[2001:db8::2]:4567"],
			inUse: "[2001:db8::2]:4567",
		},
		tun: {
			name: "tun0",
			local4: "192.168.200.1",
			peer4: "192.168.200.2",
			local6: "fcc8::1",
			peer6: "fcc8::2",
		},
		linkMtu: { oursBytes: 1_500, peersBytes: 1_420 },
		maxPayloadBytes: 1_360,
		flows: { established: 2, halfOpen: 1 },
		heldFragmentBytes: 0,
		path: {
			roundTrip: { smoothedMs: 31.5, leastMs: 24 },
			inbound: { lostPerMille: 2.5, latePerMille: 0, segments: 4_000 },
			mtuBytes: null,
			silentFlows: 0,
		},
		lastInboundMsAgo: 200,
		rates: {
			sent: { bitsPerSecond: 1_234_567, datagramsPerSecond: 1_000 },
			received: { bitsPerSecond: 0, datagramsPerSecond: 0 },
		},
		totals: {
			sent: { datagrams: 1_234_567, payloadBytes: 1_500_000 },
			received: { datagrams: 0, payloadBytes: 0 },
		},
		packets: {
			read: 0,
			delivered: 0,
			consumed: 0,
			evidence: 0,
			reassembled: 0,
			dropped: 0,
			waiting: 0,
		},
		drops: [],
		hostSetup: { mode: "auto", state: "in-place" },
		lastNotice: null,
		...change,
	};
}
