// A link with weather between two engines, in virtual time: loss, delay, duplicates, reordering, damage, cutting, a NAT that renames ports.

import { cutSuperSegment } from "./cut-super-segment.js";
import type { WirePacket } from "./engine-host.js";
import type { SeededRandom } from "./seeded-random.js";
import type { Direction } from "./wire-pair.js";

/** Shares from 0 to 1, of the packets of each direction. */
export interface Weather {
	readonly lossShare: number;
	readonly duplicateShare: number;
	/** One bit behind the IP header is flipped. */
	readonly corruptShare: number;
	/** Drawn for each packet, so that a wide range reorders. */
	readonly delayMs: { readonly least: number; readonly most: number };
	/** Whether super-segments are cut, as a plain NIC does. */
	readonly cutsSuperSegments: boolean;
}

export const CLEAR_WEATHER: Weather = {
	lossShare: 0,
	duplicateShare: 0,
	corruptShare: 0,
	delayMs: { least: 2, most: 2 },
	cutsSuperSegments: false,
};

export interface Arrival {
	readonly atMs: number;
	/** Arrivals of one moment keep the order in which they were sent. */
	readonly order: number;
	readonly direction: Direction;
	readonly packet: WirePacket;
}

export class SimulatedLink {
	weather: Weather = CLEAR_WEATHER;
	/** Exclusive-ored into the client's port as the server sees it: a NAT. Change it, and the NAT has forgotten the flows. */
	portMask = 0;
	readonly #random: SeededRandom;
	readonly #underWay: Arrival[] = [];
	#sent = 0;

	constructor(random: SeededRandom) {
		this.#random = random;
	}

	/** When the next packet arrives; Infinity when none is under way. */
	get nextArrivalMs(): number {
		return this.#underWay[0]?.atMs ?? Number.POSITIVE_INFINITY;
	}

	/** Puts packets on the wire. */
	send(
		packets: readonly WirePacket[],
		direction: Direction,
		nowMs: number,
	): void {
		for (const packet of packets) {
			const { cutsSuperSegments, corruptShare } = this.weather;
			// Damage to a part of a super-segment cannot be seen by anybody: its checksum is made by the last device.
			const isCut = cutsSuperSegments || corruptShare > 0;
			const pieces = isCut ? cutSuperSegment(packet) : [packet];
			for (const piece of pieces) this.#sendPiece(piece, direction, nowMs);
		}
	}

	/** Takes off the wire what has arrived by now, in order. */
	takeArrived(nowMs: number): readonly Arrival[] {
		const count = this.#underWay.findIndex(({ atMs }) => atMs > nowMs);
		return this.#underWay.splice(0, count < 0 ? this.#underWay.length : count);
	}

	#sendPiece(packet: WirePacket, direction: Direction, nowMs: number): void {
		const random = this.#random;
		const { weather } = this;
		const copies = random.chance(weather.duplicateShare) ? 2 : 1;
		for (let copy = 0; copy < copies; copy++) {
			if (random.chance(weather.lossShare)) continue;
			const bytes = this.#translate(packet.bytes, direction);
			if (random.chance(weather.corruptShare)) this.#flipBit(bytes);
			const { least, most } = weather.delayMs;
			this.#insert({
				atMs: nowMs + random.between(least, most),
				order: this.#sent++,
				direction,
				packet: { bytes, segmentSize: packet.segmentSize },
			});
		}
	}

	#translate(original: Uint8Array, direction: Direction): Uint8Array {
		const bytes = Uint8Array.from(original);
		if (this.portMask !== 0) translatePort(bytes, direction, this.portMask);
		return bytes;
	}

	#flipBit(bytes: Uint8Array): void {
		const ipBytes = (bytes[0] ?? 0) >>> 4 === 4 ? 20 : 40;
		const at = this.#random.between(ipBytes, bytes.length - 1);
		bytes[at] = (bytes[at] ?? 0) ^ (1 << this.#random.below(8));
	}

	#insert(arrival: Arrival): void {
		const queue = this.#underWay;
		let at = queue.length;
		// From the back, because most packets arrive last.
		while (at > 0 && (queue[at - 1]?.atMs ?? 0) > arrival.atMs) at--;
		queue.splice(at, 0, arrival);
	}
}

/** Renames the client's port in place, checksum included (RFC 1624). */
function translatePort(
	bytes: Uint8Array,
	direction: Direction,
	mask: number,
): void {
	const view = new DataView(bytes.buffer);
	const tcp = view.getUint8(0) >>> 4 === 4 ? 20 : 40;
	const at = direction === "to-server" ? tcp : tcp + 2;
	const before = view.getUint16(at);
	const after = before ^ mask;
	view.setUint16(at, after);
	const sum = (~view.getUint16(tcp + 16) & 0xffff) + (~before & 0xffff) + after;
	const folded = (sum & 0xffff) + (sum >>> 16);
	view.setUint16(tcp + 16, ~((folded & 0xffff) + (folded >>> 16)));
}
