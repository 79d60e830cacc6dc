// A reassembler with an arena around it, and the packets and parts that its tests feed it.

import { Reassembler } from "../fragment/reassembler.js";
import {
	REASSEMBLY_LIMITS,
	type ReassemblyLimits,
} from "../fragment/reassembly-limits.js";
import { reassemblyRegionBytes } from "../fragment/reassembly-memory.js";
import { dropReasonName } from "../wire/drop-reason.js";
import { FRAGMENT, SegmentView } from "../wire/segment-view.js";
import { type FragmentPart, fragmentableAt } from "./cut-fragments.js";
import { EngineHost } from "./engine-host.js";
import { datagram } from "./segment-summary.js";

const PACKET_AT = 128;
const REGION_AT = 128 * 1024;
export const TIMEOUT_MS = REASSEMBLY_LIMITS.timeoutMs;

/** A reassembler with an arena around it. */
export class ReassemblerBench {
	readonly arena: Uint8Array;
	readonly view: SegmentView;
	readonly reassembler: Reassembler;
	readonly lost: Record<string, number> = {};
	releases = 0;

	constructor(limits: Partial<ReassemblyLimits> = {}, hash?: () => number) {
		const all = { ...REASSEMBLY_LIMITS, ...limits };
		const length = reassemblyRegionBytes(all);
		this.arena = new Uint8Array(REGION_AT + length);
		this.view = new SegmentView(this.arena);
		this.reassembler = new Reassembler({
			arena: this.arena,
			region: { offset: REGION_AT, length },
			limits: all,
			hash:
				hash ??
				((words, count) =>
					words.subarray(0, count).reduce((a, b) => (a * 31 + b) | 0, 7)),
			lost: (reason, pieces) => {
				const name = dropReasonName(reason);
				this.lost[name] = (this.lost[name] ?? 0) + pieces;
			},
			releaseWhole: () => {
				this.releases++;
			},
		});
	}

	take(bytes: Uint8Array, nowMs = 0): number {
		this.arena.set(bytes, PACKET_AT);
		const bound = this.view.bind(PACKET_AT, bytes.length);
		if (bound !== FRAGMENT) throw new Error(`no fragment: ${bound}`);
		return this.reassembler.take(this.view, nowMs);
	}

	whole(): Uint8Array {
		const { offset, length } = this.reassembler.whole;
		return this.arena.slice(offset, offset + length);
	}
}

export function wholePacket(family: 4 | 6, payloadLength: number): Uint8Array {
	const host = new EngineHost({ role: "client" });
	host.open(0, family);
	const [syn] = host.takeSent();
	if (syn === undefined) throw new Error("no SYN");
	const head = syn.bytes.subarray(0, fragmentableAt(syn.bytes) + 20);
	const bytes = new Uint8Array(head.length + payloadLength);
	bytes.set(head);
	for (let at = head.length; at < bytes.length; at++)
		bytes[at] = (at * 31 + (at >>> 8) * 7) & 0xff;
	const view = new DataView(bytes.buffer);
	// The reassembler does not look into the segment, so nothing of TCP has to be right.
	if (family === 4) view.setUint16(2, bytes.length);
	else view.setUint16(4, bytes.length - 40);
	return bytes;
}

export function part(
	start: number,
	length: number,
	hasMore: boolean,
	fill = 1,
): FragmentPart {
	return { identification: 7, start, payload: datagram(length, fill), hasMore };
}
