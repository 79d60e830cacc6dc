// A TUN without offloads on our own device layer: whole packets in, whole packets out, one at a time.

import { createNativePacketIo, type GatherTrains } from "@tunscope/tun";

const READ_REGION_BYTES = 1024 * 1024;
const WRITE_SLOT_BYTES = 65_536;
const BATCH_PACKETS = 256;
/** Batches read before other events get a turn. */
const ROUNDS_PER_TURN = 4;

export interface PlainTun {
	readonly name: string;
	/** @returns whether the kernel took it. */
	write(packet: Buffer): boolean;
	close(): void;
}

/** @param onPacket bytes are valid during the call only. */
export function openPlainTun(
	name: string,
	onPacket: (packet: Buffer) => void,
): PlainTun {
	const io = createNativePacketIo();
	const arena = new Uint8Array(READ_REGION_BYTES + WRITE_SLOT_BYTES);
	const bytes = Buffer.from(arena.buffer);
	const tun = io.openTun({ name, arena, offloads: "none" });
	const batch = io.createPacketBatch(
		arena,
		0,
		READ_REGION_BYTES,
		BATCH_PACKETS,
	);
	const train = singleTrain();
	const poller = io.createPoller();
	poller.add(tun, -1);
	poller.start(() => {
		poller.poll();
		for (let round = 0; round < ROUNDS_PER_TURN; round += 1) {
			const count = tun.readBatch(batch);
			if (count < 0) {
				// Deleted under us: stop, or poll reports it for ever (wire.md 4.10).
				poller.close();
				return;
			}
			for (let place = 0; place < count; place += 1) {
				const offset = batch.offset[place] ?? 0;
				onPacket(bytes.subarray(offset, offset + (batch.length[place] ?? 0)));
			}
			if (count < BATCH_PACKETS) return;
		}
	});
	return {
		name: tun.name,
		write: (packet) => {
			packet.copy(bytes, READ_REGION_BYTES);
			fillTrain(train, packet);
			// The device finishes lengths and checksum again; ours come out the same.
			return tun.writeTrains(train).segmentsWritten === 1;
		},
		close: () => {
			poller.close();
			tun.close();
		},
	};
}

/** Of a well-formed IPv4 (no options) or IPv6 (no extensions) TCP packet. */
function headerBytes(packet: Buffer): number {
	const ipBytes = (packet[0] ?? 0) >> 4 === 4 ? 20 : 40;
	return ipBytes + ((packet[ipBytes + 12] ?? 0) >> 4) * 4;
}

/** A batch of one train, filled anew for every packet: the device knows it by its arrays. */
function singleTrain(): GatherTrains {
	return {
		count: 1,
		owner: Int32Array.of(0),
		firstRegion: Int32Array.of(-1),
		regionCount: Int32Array.of(0),
		segmentSize: Int32Array.of(0),
		totalLength: Int32Array.of(0),
		headerOffset: Int32Array.of(READ_REGION_BYTES),
		headerLength: Int32Array.of(0),
		regions: {
			offset: Int32Array.of(0),
			length: Int32Array.of(0),
			next: Int32Array.of(-1),
		},
	};
}

function fillTrain(train: GatherTrains, packet: Buffer): void {
	const header = headerBytes(packet);
	const payload = packet.length - header;
	train.firstRegion[0] = payload > 0 ? 0 : -1;
	train.regionCount[0] = payload > 0 ? 1 : 0;
	train.segmentSize[0] = payload;
	train.totalLength[0] = payload;
	train.headerLength[0] = header;
	train.regions.offset[0] = READ_REGION_BYTES + header;
	train.regions.length[0] = payload;
}
