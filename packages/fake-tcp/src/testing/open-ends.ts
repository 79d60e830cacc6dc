// Two of ours with an open flow, and a way to hold back, change and hand over what one sends to the other.

import type { Flow } from "../flow/flow.js";
import type { EngineHost } from "./engine-host.js";
import { WirePair } from "./wire-pair.js";

export interface OpenEnds {
	readonly pair: WirePair;
	readonly server: EngineHost;
	readonly flow: Flow;
	/** What the client sends for one datagram, kept from the server. */
	segmentOf(payload: Uint8Array): Uint8Array;
	/** Gives the server packets as one batch. */
	give(...packets: Uint8Array[]): void;
}

/** Two of ours with an open flow; links so large that no size is refused. */
export function openEnds(family: 4 | 6): OpenEnds {
	const options = { linkMtuBytes: 65_535 };
	const pair = new WirePair({ client: options, server: options });
	const flow = pair.client.open(pair.nowMs, family);
	pair.settle();
	pair.capture.length = 0;
	const { server } = pair;
	return {
		pair,
		server,
		flow,
		segmentOf: (payload) => {
			pair.client.send(flow, [payload], pair.nowMs);
			const [packet] = pair.client.takeSent();
			if (packet === undefined) throw new Error("nothing was sent");
			return packet.bytes;
		},
		give: (...packets) =>
			server.receiveBatch(
				packets.map((bytes) => ({ bytes, segmentSize: 0 })),
				pair.nowMs,
			),
	};
}

export function pattern(length: number, seed = 0): Uint8Array {
	return Uint8Array.from(
		{ length },
		(_, at) => (at * 31 + (at >>> 8) * 7 + seed) & 0xff,
	);
}
