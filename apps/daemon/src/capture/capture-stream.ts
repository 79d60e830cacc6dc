// A capture ring as a pcapng file, in pieces: made while it is read, and no further ahead than its reader takes it.

import { release } from "node:os";
import { setTimeout as delay } from "node:timers/promises";
import { dropReasonName, ENGINE_NOTICES } from "@tunscope/fake-tcp";
import { type CapturedPacket, CaptureReader } from "./capture-reader.js";
import { finishTcpChecksum } from "./finish-checksum.js";
import {
	enhancedPacketBlock,
	interfaceDescriptionBlock,
	interfaceStatisticsBlock,
	sectionHeaderBlock,
} from "./pcapng.js";

export interface CaptureStreamOptions {
	readonly memory: SharedArrayBuffer;
	/** As it shall stand in the file. */
	readonly interfaceName: string;
	readonly description: string;
	/** "tunscope 1.2.3" */
	readonly application: string;
	/** True: goes on with what comes, until the signal. */
	readonly isFollowing: boolean;
	readonly signal: AbortSignal;
	/** True once nothing more will be recorded in this memory; who follows gets the end of the file then. */
	readonly isOver: () => boolean;
	readonly wallMs: () => number;
}

/** A millisecond's work, and a pipe's worth. */
const CHUNK_BYTES = 64 * 1024;
const FOLLOW_INTERVAL_MS = 100;
const NS_PER_MS = 1_000_000n;
const EXPLANATION =
	"Packets read from (inbound) and written to (outbound) a tunnel's TUN, with the addresses that they have there. A packet's comment names why it was discarded or what was noticed about it. What is larger than the link MTU is a super-segment, which the kernel cuts or has glued.";

/** Never rejects; each piece ends with a whole block, the last block of a complete file is the interface's statistics. */
export async function* captureStream(
	options: CaptureStreamOptions,
): AsyncGenerator<Uint8Array, void> {
	const { memory, isFollowing, signal, isOver } = options;
	const reader = new CaptureReader(memory);
	yield head(options, reader);
	let lost = 0;
	let packets = 0;
	for (;;) {
		// Asked first, so that the last packets are read behind it.
		const isLast = !isFollowing || isOver();
		const { end } = reader;
		for (;;) {
			const chunk = nextChunk(reader, end);
			if (chunk === null) break;
			lost += chunk.lost;
			packets += chunk.packets;
			yield chunk.bytes;
		}
		if (isLast) break;
		await delay(FOLLOW_INTERVAL_MS, undefined, { signal, ref: false }).catch(
			() => undefined,
		);
		if (signal.aborted) return;
	}
	yield interfaceStatisticsBlock({
		unixNs: nanoseconds(options.wallMs()),
		startUnixNs: nanoseconds(reader.baseUnixMs),
		received: packets + lost,
		lost,
	});
}

function head(
	options: CaptureStreamOptions,
	{ snapBytes }: CaptureReader,
): Uint8Array {
	const { application, interfaceName, description } = options;
	return Buffer.concat([
		sectionHeaderBlock({
			application,
			operatingSystem: `Linux ${release()}`,
			comment: EXPLANATION,
		}),
		interfaceDescriptionBlock({
			name: interfaceName,
			description,
			snapBytes,
		}),
	]);
}

interface Chunk {
	readonly bytes: Uint8Array;
	readonly packets: number;
	/** Before and between them. */
	readonly lost: number;
}

function nextChunk(reader: CaptureReader, end: number): Chunk | null {
	const blocks: Uint8Array[] = [];
	let bytes = 0;
	let lost = 0;
	while (bytes < CHUNK_BYTES) {
		const packet = reader.next(end);
		if (packet === null) break;
		const block = blockOf(packet);
		blocks.push(block);
		bytes += block.length;
		lost += packet.lost;
	}
	if (blocks.length === 0) return null;
	return { bytes: Buffer.concat(blocks), packets: blocks.length, lost };
}

function blockOf(packet: CapturedPacket): Uint8Array {
	const { bytes, packetBytes, mayBeUnfinished } = packet;
	// Of a packet that was cut Wireshark knows that its checksum cannot be verified.
	if (mayBeUnfinished && bytes.length === packetBytes) finishTcpChecksum(bytes);
	return enhancedPacketBlock({ ...packet, comment: commentOf(packet) });
}

/** The codes of docs/drop-reasons.md and docs/anomalies.md. */
function commentOf({ dropReason, notice }: CapturedPacket): string {
	const names = [
		...(dropReason === null ? [] : [dropReasonName(dropReason)]),
		...(notice === null ? [] : [ENGINE_NOTICES[notice] ?? ""]),
	];
	return names.join(", ");
}

function nanoseconds(unixMs: number): bigint {
	return BigInt(Math.round(unixMs)) * NS_PER_MS;
}
