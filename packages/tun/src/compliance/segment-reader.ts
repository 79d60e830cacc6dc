// Reads from a TUN device what the suite's own trains became, and leaves the kernel's own chatter aside.

import { locateWholeTcp, numberAt } from "../memory/tcp-segment.js";
import type { PacketBatch, TunDevice } from "../tun-device.js";
import { waitFor } from "./compliance-lab.js";

const SUITE_PORT = 4_567;

/** One packet that was read: a copy, and what the batch said about it. */
export interface ReadSegment {
	readonly packet: Uint8Array;
	readonly payload: Uint8Array;
	readonly sequence: number;
	readonly identification: number;
	readonly segmentSize: number;
	readonly verdict: number;
}

function describe(batch: PacketBatch, arena: Uint8Array, index: number) {
	const offset = batch.offset[index] ?? 0;
	const packet = arena.slice(offset, offset + (batch.length[index] ?? 0));
	const place = locateWholeTcp(packet);
	if (place === null || numberAt(packet, place.tcpOffset + 2) !== SUITE_PORT) {
		return null;
	}
	const view = new DataView(packet.buffer, packet.byteOffset);
	return {
		packet,
		payload: packet.subarray(
			place.tcpOffset + place.tcpHeaderLength,
			place.tcpOffset + place.tcpLength,
		),
		sequence: view.getUint32(place.tcpOffset + 4),
		identification: place.ipVersion === 4 ? numberAt(packet, 4) : 0,
		segmentSize: batch.segmentSize[index] ?? 0,
		verdict: batch.verdict[index] ?? -1,
	};
}

/** Reads one batch of what is there now, `limit` packets at most. */
export function readSegments(
	tun: TunDevice,
	batch: PacketBatch,
	arena: Uint8Array,
	limit?: number,
): ReadSegment[] {
	tun.readBatch(batch, limit);
	return Array.from({ length: batch.count }, (_, index) =>
		describe(batch, arena, index),
	).filter((segment) => segment !== null);
}

/** Reads until `bytes` bytes of payload, or `bytes` = 0 and one segment, have arrived. */
export async function collectSegments(
	tun: TunDevice,
	from: { readonly batch: PacketBatch; readonly arena: Uint8Array },
	bytes: number,
): Promise<ReadSegment[]> {
	const collected: ReadSegment[] = [];
	return await waitFor(`${bytes} bytes on ${tun.name}`, () => {
		collected.push(...readSegments(tun, from.batch, from.arena));
		const got = collected.reduce((sum, { payload }) => sum + payload.length, 0);
		return collected.length > 0 && got >= bytes ? collected : null;
	});
}
