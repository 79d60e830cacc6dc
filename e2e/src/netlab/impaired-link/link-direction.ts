// One direction of the link: gives each packet its fate, lets it wait, flips its bit, lets it go, and counts.

import { DeliveryLedger } from "../../traffic/delivery-ledger.js";
import type { SizePlan } from "../../traffic/size-plan.js";
import type { Direction, Impairments } from "./impairments.js";
import type { DirectionLedger } from "./link-ledger.js";
import { PacketFates } from "./packet-fates.js";
import { lookAt } from "./packet-sight.js";
import { ReleaseQueue } from "./release-queue.js";

/** Packets beyond this on their way are a mistake of the test: 65,536 × 1,500 bytes are 100 MB. */
const MAX_WAITING = 65_536;

/** A stream of test datagrams (traffic/datagram-form.ts), flow 0, that is watched as it leaves the link. */
export interface WatchedStream {
	/** First byte of its datagrams. */
	readonly stream: number;
	readonly sizes: SizePlan;
}

export interface LinkDirectionOptions {
	readonly direction: Direction;
	readonly seed: number;
	readonly watch: WatchedStream | null;
	/** @returns whether the kernel took the packet. */
	readonly emit: (packet: Buffer) => boolean;
}

interface Travelling {
	readonly packet: Buffer;
	readonly isCorrupted: boolean;
	readonly payloadAt: number | null;
}

export class LinkDirection {
	readonly #options: LinkDirectionOptions;
	readonly #fates: PacketFates;
	readonly #queue = new ReleaseQueue<Travelling>();
	readonly #watch: DeliveryLedger | null;
	#impairments: Impairments = {};
	#setUs = 0;
	#lastReleaseUs = 0;
	readonly #counts = {
		entered: 0,
		enteredWithPayload: 0,
		chatter: 0,
		lost: 0,
		blackedOut: 0,
		tooBig: 0,
		duplicated: 0,
		late: 0,
		corrupted: 0,
		left: 0,
		refused: 0,
	};

	constructor(options: LinkDirectionOptions) {
		this.#options = options;
		this.#fates = new PacketFates(options.seed, options.direction);
		this.#watch =
			options.watch === null
				? null
				: new DeliveryLedger({ flow: 0, ...options.watch });
	}

	/** Packets that wait already keep the time they were given. */
	set(impairments: Impairments, nowUs: number): void {
		this.#impairments = impairments;
		this.#setUs = nowUs;
	}

	/** @param packet valid during the call only. */
	enter(packet: Buffer, nowUs: number): void {
		const { ipHeaderBytes, payloadAt, isChatter } = lookAt(packet);
		const counts = this.#counts;
		if (isChatter) {
			counts.chatter += 1;
			return;
		}
		counts.entered += 1;
		if (payloadAt !== null && payloadAt < packet.length)
			counts.enteredWithPayload += 1;
		const fate = this.#fates.next(
			{ totalBytes: packet.length, ipHeaderBytes },
			this.#impairments,
			(nowUs - this.#setUs) / 1000,
		);
		if (fate.kind === "lost") counts.lost += 1;
		if (fate.kind === "blacked-out") counts.blackedOut += 1;
		if (fate.kind === "too-big") counts.tooBig += 1;
		if (fate.kind !== "forwarded") return;
		const { flippedBit } = fate;
		const travelling = {
			packet: Buffer.from(packet),
			isCorrupted: flippedBit !== null,
			payloadAt,
		};
		if (flippedBit !== null) {
			const octet = ipHeaderBytes + (flippedBit >> 3);
			travelling.packet[octet] =
				(packet[octet] ?? 0) ^ (0x80 >> (flippedBit & 7));
		}
		if (fate.isLate) counts.late += 1;
		if (fate.isDuplicated) counts.duplicated += 1;
		const atUs = this.#releaseTime(nowUs + fate.delayMs * 1000, fate.isLate);
		for (let copy = fate.isDuplicated ? 2 : 1; copy > 0; copy -= 1)
			this.#travel(travelling, atUs, nowUs);
	}

	/** Lets everything go that is due. */
	release(nowUs: number): void {
		for (;;) {
			const travelling = this.#queue.take(nowUs);
			if (travelling === undefined) return;
			this.#leave(travelling);
		}
	}

	/** Infinity when nothing waits. */
	get nextReleaseUs(): number {
		return this.#queue.nextUs;
	}

	ledger(): DirectionLedger {
		const tally = this.#watch?.tally();
		return {
			...this.#counts,
			waiting: this.#queue.length,
			watched:
				tally === undefined
					? null
					: {
							received: tally.received,
							duplicates: tally.duplicates,
							reordered: tally.reordered,
						},
		};
	}

	#releaseTime(wantedUs: number, isLate: boolean): number {
		if (this.#impairments.keepsOrder !== true || isLate) return wantedUs;
		this.#lastReleaseUs = Math.max(this.#lastReleaseUs, wantedUs);
		return this.#lastReleaseUs;
	}

	#travel(travelling: Travelling, atUs: number, nowUs: number): void {
		// Beside packets that wait, the queue decides by time who goes first.
		if (atUs <= nowUs && this.#queue.length === 0) {
			this.#leave(travelling);
			return;
		}
		if (this.#queue.length >= MAX_WAITING) {
			this.#counts.refused += 1;
			return;
		}
		this.#queue.add(atUs, travelling);
	}

	#leave({ packet, isCorrupted, payloadAt }: Travelling): void {
		if (!this.#options.emit(packet)) {
			this.#counts.refused += 1;
			return;
		}
		this.#counts.left += 1;
		if (isCorrupted) this.#counts.corrupted += 1;
		else if (payloadAt !== null && payloadAt < packet.length)
			this.#watch?.record(packet.subarray(payloadAt));
	}
}
