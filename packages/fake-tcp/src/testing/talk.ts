// A client that talks through a pair of engines while the test takes its path away, and the reset that a middlebox would send it.

import type { Flow } from "../flow/flow.js";
import { checksumAdd, checksumFinish } from "../wire/checksum.js";
import type { EngineHostOptions } from "./engine-host.js";
import { datagram, summarize } from "./segment-summary.js";
import { WirePair } from "./wire-pair.js";

const SYN = 0x02;
const RST = 0x04;

/** A client that says something ten times a second for as long as time passes. */
export class Talk {
	readonly pair: WirePair;
	readonly flow: Flow;
	#said = 0;

	constructor(
		options: {
			client?: Partial<EngineHostOptions>;
			server?: Partial<EngineHostOptions>;
		} = {},
	) {
		this.pair = new WirePair(options);
		this.flow = this.pair.client.open(this.pair.nowMs);
		this.pair.settle();
	}

	/** Talks for this long. @returns what each datagram that the server got said. */
	talk(durationMs: number): number[] {
		const { pair } = this;
		for (let passedMs = 0; passedMs < durationMs; passedMs += 100) {
			const flow = pair.client.engine.flowAt(this.flow.slot);
			this.#said++;
			if (flow !== undefined)
				pair.client.send(flow, [datagram(20, this.#said)], pair.nowMs);
			pair.settle();
			pair.advance(100);
		}
		return pair.server.takeDelivered().map((bytes) => bytes[0] ?? -1);
	}

	blackout(): void {
		this.pair.wire = () => [];
	}

	repair(): void {
		this.pair.wire = (packet) => [packet];
	}

	notices(name: string): number {
		return this.pair.client.notices.filter((notice) => notice.name === name)
			.length;
	}

	/** Times of the client's SYNs are not recorded, so they are counted per advance. */
	syns(): number {
		return this.pair.capture.filter(
			({ direction, packet }) =>
				direction === "to-server" && summarize(packet).bits === SYN,
		).length;
	}
}

/** A reset with the sequence number that the segment acknowledges, back to its sender. */
export function resetFor(bytes: Uint8Array): Uint8Array {
	const reset = bytes.slice(0, 40);
	const from = new DataView(bytes.buffer, bytes.byteOffset);
	const view = new DataView(reset.buffer);
	view.setUint16(2, 40);
	view.setUint32(12, from.getUint32(16));
	view.setUint32(16, from.getUint32(12));
	view.setUint16(20, from.getUint16(22));
	view.setUint16(22, from.getUint16(20));
	view.setUint32(24, from.getUint32(28));
	view.setUint32(28, 0);
	view.setUint8(33, RST);
	view.setUint16(10, 0);
	view.setUint16(10, checksumFinish(checksumAdd(view, 0, 20, 0)));
	return reset;
}
