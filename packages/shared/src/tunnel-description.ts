// What a running instance says about itself and its tunnels: the answer on its control socket, and later the API's.

import { z } from "zod";
import { CONTROL_VERSION } from "./control-version.js";

/** Anything that is counted or measured: never negative, never NaN. */
const amount = z.number().nonnegative();
const count = z.number().int().nonnegative();

/** One direction: bits and datagrams per second, averaged over the last one to two seconds. */
const rates = z.object({ bitsPerSecond: amount, datagramsPerSecond: amount });
/** One direction, since the tunnel's start: user datagrams and their payload bytes. */
const totals = z.object({ datagrams: count, payloadBytes: count });

export const tunnelDescriptionSchema = z.object({
	/** Unique in the network namespace. */
	name: z.string(),
	role: z.enum(["client", "server"]),
	state: z.enum([
		"starting",
		/** The last attempt to start failed, the next one is due. */
		"waiting",
		"running",
		"tun-lost",
		"restarting",
		"stopping",
		"stopped",
		"failed",
	]),
	/** The same for a person, with what is known beyond it: "connected", "ready, waiting for clients". */
	stateInWords: z.string(),
	/** What those words mean for the operator; "passing" mends itself, "ended" was asked for. */
	health: z.enum(["good", "passing", "bad", "ended"]),
	/** Wall clock when this state began. */
	stateSince: z.iso.datetime(),
	/** The same by the monotonic clock, which no clock jump disturbs. */
	inStateForMs: amount,
	/** Client: "127.0.0.1:51821". Server: "port 4567". */
	listen: z.string(),
	remote: z.object({
		/** As configured: "vpn.example.net:4567". */
		configured: z.string(),
		/** What that resolved to, in the order in which they are tried. */
		addresses: z.array(z.string()),
		/** The one that carries a flow now; null without a flow. */
		inUse: z.string().nullable(),
	}),
	tun: z.object({
		/** Null until the TUN is open. */
		name: z.string().nullable(),
		local4: z.string(),
		peer4: z.string(),
		/** Null with IPv4 only. */
		local6: z.string().nullable(),
		peer6: z.string().nullable(),
	}),
	linkMtu: z.object({
		/** Towards the peer; null until it is known. */
		oursBytes: count.nullable(),
		/** The smallest that a peer has said; null when none did (stock Phantun does not). */
		peersBytes: count.nullable(),
	}),
	/** Largest user datagram that fits; null until it is known. */
	maxPayloadBytes: count.nullable(),
	flows: z.object({ established: count, halfOpen: count }),
	/** Memory of IP fragments that wait for the rest of their datagram, bytes; its limit is 4 MiB. */
	heldFragmentBytes: count,
	/** Over the open flows; each part is null until something was measured. */
	path: z.object({
		/** Milliseconds: smoothed, of the flow that was heard last, and the shortest of all. */
		roundTrip: z.object({ smoothedMs: amount, leastMs: amount }).nullable(),
		/** What is lost, and what comes late, on its way to us: of a thousand segments, in the last sample of each flow. */
		inbound: z
			.object({ lostPerMille: amount, latePerMille: amount, segments: count })
			.nullable(),
		/** The smallest that a router said the path takes; null while none did. */
		mtuBytes: count.nullable(),
		/** Flows whose peer answers no probes. */
		silentFlows: count,
	}),
	/** Age of the last segment from a peer; null before the first. */
	lastInboundMsAgo: amount.nullable(),
	rates: z.object({ sent: rates, received: rates }),
	totals: z.object({ sent: totals, received: totals }),
	/** Packets read from the TUN since the tunnel's start: each has exactly one of the fates, which add up to `read`. */
	packets: z.object({
		/** A super-segment is one. */
		read: count,
		delivered: count,
		/** Changed or refreshed state, and carried no payload. */
		consumed: count,
		evidence: count,
		/** Fragments of datagrams that became whole; the last one counts as what became of the whole. */
		reassembled: count,
		dropped: count,
		/** Kept, fate open. Not a total: a present value. */
		waiting: count,
	}),
	/** Reasons that have happened, largest count first. */
	drops: z.array(z.object({ reason: z.string(), count, meaning: z.string() })),
	hostSetup: z.object({
		mode: z.enum(["auto", "print", "off"]),
		state: z.enum(["not-yet", "in-place", "left-to-operator", "undone"]),
	}),
	/** The last thing that an operator was warned of; null when there was nothing. */
	lastNotice: z
		.object({
			level: z.enum(["warn", "error"]),
			text: z.string(),
			msAgo: amount,
		})
		.nullable(),
});

export const instanceDescriptionSchema = z.object({
	version: z.literal(CONTROL_VERSION),
	kind: z.literal("status"),
	pid: count,
	/** Of tunscope itself, e.g. "1.2.3". */
	tunscope: z.string(),
	uptimeMs: amount,
	/** Left out by an instance without a configuration file. */
	configFile: z
		.object({
			/** Absolute. */
			path: z.string(),
			/** By tunnel, of what the file asked for: tells a changed tunnel from one that is not. */
			fingerprints: z.record(z.string(), z.string()),
		})
		.optional(),
	tunnels: z.array(tunnelDescriptionSchema),
});

export type TunnelDescription = z.infer<typeof tunnelDescriptionSchema>;
export type InstanceDescription = z.infer<typeof instanceDescriptionSchema>;
