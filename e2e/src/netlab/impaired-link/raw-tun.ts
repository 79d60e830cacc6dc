// A TUN that takes any bytes as they are, wrong checksums included; our product's device would repair them.

import { readdirSync, readlinkSync, writeSync } from "node:fs";
import { createNativePacketIo } from "@tunscope/tun";

const READ_REGION_BYTES = 1024 * 1024;
const BATCH_PACKETS = 256;
/** Batches read before other events get a turn. */
const ROUNDS_PER_TURN = 4;

export interface RawTun {
	/** @returns whether the kernel took it. */
	write(packet: Buffer): boolean;
	close(): void;
}

/** @param onPacket bytes are valid during the call only. @param onBatch after each run of packets. */
export function openRawTun(
	name: string,
	onPacket: (packet: Buffer) => void,
	onBatch: () => void,
): RawTun {
	const io = createNativePacketIo();
	const arena = new Uint8Array(READ_REGION_BYTES);
	const bytes = Buffer.from(arena.buffer);
	const before = tunDescriptors();
	// Without offloads there is no virtio header: what is read and written are IP packets with finished checksums.
	const tun = io.openTun({ name, arena, offloads: "none" });
	const descriptor = tunDescriptors().find((one) => !before.includes(one));
	if (descriptor === undefined)
		throw new Error(`no descriptor of ${name} in /proc/self/fd`);
	const batch = io.createPacketBatch(
		arena,
		0,
		READ_REGION_BYTES,
		BATCH_PACKETS,
	);
	const poller = io.createPoller();
	poller.add(tun, -1);
	poller.start(() => {
		poller.poll();
		for (let round = 0; round < ROUNDS_PER_TURN; round += 1) {
			const count = tun.readBatch(batch);
			if (count < 0) {
				// Deleted under us: stop, or poll reports it for ever (wire.md 4.10).
				poller.close();
				break;
			}
			for (let place = 0; place < count; place += 1) {
				const offset = batch.offset[place] ?? 0;
				onPacket(bytes.subarray(offset, offset + (batch.length[place] ?? 0)));
			}
			if (count < BATCH_PACKETS) break;
		}
		onBatch();
	});
	return {
		write: (packet) => writeTo(descriptor, packet),
		close: () => {
			poller.close();
			tun.close();
		},
	};
}

/** The addon keeps its descriptors to itself; the kernel names them. */
function tunDescriptors(): number[] {
	return readdirSync("/proc/self/fd")
		.map(Number)
		.filter((descriptor) => {
			try {
				return readlinkSync(`/proc/self/fd/${descriptor}`) === "/dev/net/tun";
			} catch {
				// The descriptor that listed the directory.
				return false;
			}
		});
}

function writeTo(descriptor: number, packet: Buffer): boolean {
	try {
		return writeSync(descriptor, packet) === packet.length;
	} catch {
		// EAGAIN, ENOBUFS, EIO while the device is down, EINVAL for what is no IP packet: the ledger counts it.
		return false;
	}
}
