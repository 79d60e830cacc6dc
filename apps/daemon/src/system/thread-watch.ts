// Reads what the kernel says of this thread's time (/proc/thread-self/schedstat) and of the cores' packets.

import { closeSync, openSync, readSync } from "node:fs";

const SCHEDSTAT = "/proc/thread-self/schedstat";
const SOFTNET_STAT = "/proc/net/softnet_stat";
/** The column of softnet_stat that numbers the core; kernels before 5.10 have a line per core in order. */
const CORE_COLUMN = 12;
const READ_BYTES = 64 * 1_024;

/** Times in nanoseconds since the thread began. */
export interface ThreadTimes {
	readonly ranNs: number;
	readonly waitedNs: number;
}

/** @param text "ran waited slices" (kernel/sched/stats.h); null for anything else. */
export function parseSchedstat(text: string): ThreadTimes | null {
	const [ranNs, waitedNs] = text.trim().split(" ").map(Number);
	if (ranNs === undefined || waitedNs === undefined) return null;
	return Number.isFinite(ranNs + waitedNs) ? { ranNs, waitedNs } : null;
}

/** @param text lines of hexadecimal columns, the first of which is packets handled (net/core/net-procfs.c). */
export function parseSoftnetStat(text: string): Map<number, number> {
	const packets = new Map<number, number>();
	for (const [line, row] of text.trim().split("\n").entries()) {
		const columns = row.split(" ");
		const handled = Number.parseInt(columns[0] ?? "", 16);
		const core = Number.parseInt(columns[CORE_COLUMN] ?? "", 16);
		if (Number.isNaN(handled)) continue;
		packets.set(Number.isNaN(core) ? line : core, handled);
	}
	return packets;
}

/** The core whose count grew the most; null when none did. Counts are 32 bits wide and wrap. */
export function busiestSince(
	before: ReadonlyMap<number, number>,
	after: ReadonlyMap<number, number>,
): number | null {
	let busiest: number | null = null;
	let most = 0;
	for (const [core, count] of after) {
		const handled = (count - (before.get(core) ?? count)) >>> 0;
		if (handled <= most) continue;
		most = handled;
		busiest = core;
	}
	return busiest;
}

/** Open files of the calling thread; a kernel without them makes it say nothing. */
export class ThreadWatch {
	readonly #buffer = Buffer.alloc(READ_BYTES);
	readonly #schedstat = openOrNull(SCHEDSTAT);
	readonly #softnetStat = openOrNull(SOFTNET_STAT);
	#packets: ReadonlyMap<number, number> = new Map();

	times(): ThreadTimes | null {
		const text = this.#read(this.#schedstat);
		return text === null ? null : parseSchedstat(text);
	}

	/** The core that handled the most packets since the last call. */
	busiestCore(): number | null {
		const text = this.#read(this.#softnetStat);
		if (text === null) return null;
		const packets = parseSoftnetStat(text);
		const busiest = busiestSince(this.#packets, packets);
		this.#packets = packets;
		return busiest;
	}

	close(): void {
		for (const file of [this.#schedstat, this.#softnetStat])
			if (file !== null) closeSync(file);
	}

	#read(file: number | null): string | null {
		if (file === null) return null;
		try {
			const length = readSync(file, this.#buffer, 0, READ_BYTES, 0);
			return this.#buffer.toString("latin1", 0, length);
		} catch {
			return null;
		}
	}
}

function openOrNull(path: string): number | null {
	try {
		return openSync(path, "r");
	} catch {
		return null;
	}
}
