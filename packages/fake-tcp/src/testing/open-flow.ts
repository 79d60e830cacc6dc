// An open flow between two engines, and segments of it as an outsider would write them: what cases of single packets start from.

import type { Flow } from "../flow/flow.js";
import type { WireProfileName } from "../flow/wire-profile.js";
import {
	CLIENT_ADDRESS,
	CLIENT_ADDRESS6,
	type EngineHost,
	SERVER_ADDRESS,
	SERVER_ADDRESS6,
} from "./engine-host.js";
import {
	forgeSegment,
	type PacketParts,
	type SegmentParts,
} from "./packet-forge.js";
import { WirePair } from "./wire-pair.js";

const ACK = 0x10;

export interface OpenFlowOptions {
	readonly family?: 4 | 6;
	readonly client?: WireProfileName;
	readonly server?: WireProfileName;
}

export type End = "client" | "server";

/** Settled, silent, and with nothing counted by the test yet. */
export class OpenFlow {
	readonly pair: WirePair;
	readonly family: 4 | 6;
	readonly #flows: Readonly<Record<End, Flow>>;

	constructor({
		family = 4,
		client = "default",
		server = "default",
	}: OpenFlowOptions = {}) {
		this.family = family;
		this.pair = new WirePair({
			client: { profile: client },
			server: { profile: server },
		});
		const opened = this.pair.client.open(this.pair.nowMs, family);
		this.pair.settle();
		const [other] = this.pair.server.opened;
		if (other === undefined || opened.state !== "ESTABLISHED")
			throw new Error("no flow");
		this.#flows = { client: opened, server: other };
		this.pair.client.takeDelivered();
		this.pair.server.takeDelivered();
	}

	host(end: End): EngineHost {
		return this.pair[end];
	}

	flow(end: End): Flow {
		return this.#flows[end];
	}

	/**
	 * The packet that `to` would get next from the other end, but for what is given. A bare ACK unless it says otherwise.
	 * Payload counts as sent by the other end: acknowledging it is right.
	 */
	forge(
		to: End,
		segment: Partial<SegmentParts> = {},
		packet: Partial<PacketParts> = {},
	): Uint8Array {
		const flow = this.#flows[to];
		const other = this.#flows[to === "client" ? "server" : "client"];
		if (segment.seq === undefined)
			other.sndNxt = (other.sndNxt + (segment.payload?.length ?? 0)) | 0;
		const isIpv4 = this.family === 4;
		const client = isIpv4 ? CLIENT_ADDRESS : CLIENT_ADDRESS6;
		const server = isIpv4 ? SERVER_ADDRESS : SERVER_ADDRESS6;
		return forgeSegment(
			{
				family: this.family,
				source: to === "client" ? server : client,
				destination: to === "client" ? client : server,
				...packet,
			},
			{
				sourcePort: flow.remotePort,
				destinationPort: flow.localPort,
				seq: flow.rcvNxt,
				ack: flow.sndNxt,
				bits: ACK,
				...segment,
			},
		);
	}

	/** Hands one packet to an end. @returns what it sends in answer. */
	give(to: End, bytes: Uint8Array, verdict?: number) {
		const host = this.pair[to];
		host.takeSent();
		host.receive({ bytes, segmentSize: 0 }, this.pair.nowMs, verdict);
		return host.takeSent();
	}

	/** Whether a datagram still crosses, each way. */
	carriesBothWays(): boolean {
		const { client, server, nowMs } = this.pair;
		client.takeDelivered();
		server.takeDelivered();
		client.send(this.#flows.client, [Uint8Array.of(1, 2, 3)], nowMs);
		server.send(this.#flows.server, [Uint8Array.of(4, 5)], nowMs);
		this.pair.settle();
		const atServer = server.takeDelivered().map((bytes) => bytes.join());
		const atClient = client.takeDelivered().map((bytes) => bytes.join());
		return atServer.includes("1,2,3") && atClient.includes("4,5");
	}
}
