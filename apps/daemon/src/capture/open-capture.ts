// Joins a tunnel's capture to the worker that it captures in: its arena, its batches and this thread's clocks.

// The global of this name is behind a getter, which every batch would pay for.
import { performance } from "node:perf_hooks";
import { PACKETS_PER_BATCH } from "../tunnel/arena-layout.js";
import { PacketCapture } from "./packet-capture.js";

/** @param memory null: nothing is captured. */
export function openCapture(
	memory: SharedArrayBuffer | null,
	arena: Uint8Array,
): PacketCapture | null {
	if (memory === null) return null;
	return new PacketCapture({
		memory,
		arena,
		packetsPerBatch: PACKETS_PER_BATCH,
		clocks: {
			monotonicMs: () => performance.now(),
			wallMs: () => Date.now(),
		},
	});
}
