// IP fragments on their way into the engine: kept, discarded under a reason, or put together to a segment in the view.

import { halfSipHash } from "../flow/half-siphash.js";
import { HELD, Reassembler, WHOLE } from "../fragment/reassembler.js";
import { headersBytes } from "../mtu/mtu-arithmetic.js";
import { DROP } from "../wire/drop-reason.js";
import { ACCEPT, FRAGMENT, ICMP_ERROR } from "../wire/segment-view.js";
import type { EngineCore } from "./engine-core.js";
import { ENGINE_COUNTER } from "./engine-counters.js";
import { NOTICE } from "./engine-notice.js";

/** Fragments are cut at multiples of it, so that the largest may be shorter than the path takes. */
const FRAGMENT_UNIT_BYTES = 8;
const REASSEMBLED = ENGINE_COUNTER.packetsReassembled;
const PACKETS_HELD = ENGINE_COUNTER.packetsHeld;
const MALFORMED = DROP["fragment-malformed"];
const NOT_TCP = DROP["not-tcp"];
const BAD_CHECKSUM = DROP["bad-tcp-checksum"];
const FRAGMENTS_REASSEMBLED = NOTICE["fragments-reassembled"];

export class FragmentIntake {
	readonly #core: EngineCore;
	readonly #reassembler: Reassembler;
	#heldCounted = 0;
	readonly #tuple = {
		remote: new Int32Array(4),
		remotePort: 0,
		localPort: 0,
	};

	constructor(core: EngineCore) {
		this.#core = core;
		const { options } = core;
		const range = { start: 0, count: 0 };
		this.#reassembler = new Reassembler({
			arena: options.arena,
			region: options.reassemblyRegion,
			limits: options.reassemblyLimits,
			hash: (words, count) => {
				range.count = count;
				return halfSipHash(options.seed.hash, words, range);
			},
			lost: (reason, pieces) => {
				for (let piece = 0; piece < pieces; piece++) core.drop(reason, 0, 0);
			},
			releaseWhole: () => options.sink.releaseDelivered(),
		});
	}

	/** Fragments that wait for the rest of their datagram: packets whose fate is open. */
	get heldPieces(): number {
		return this.#reassembler.heldPieces;
	}

	/** Memory they take. */
	get heldBytes(): number {
		return this.#reassembler.heldBytes;
	}

	/** What was delivered before is out of the engine's memory. */
	beginBatch(): void {
		this.#reassembler.beginBatch();
	}

	expire(nowMs: number): void {
		this.#reassembler.expire(nowMs);
		this.#countHeld();
	}

	clear(): void {
		this.#reassembler.clear();
		this.#countHeld();
	}

	/**
	 * The view holds a fragment of the packet at `offset`, for us.
	 * @returns true when the view now holds a whole segment with a good checksum, which has yet to meet its fate.
	 */
	completes(offset: number, length: number, nowMs: number): boolean {
		const core = this.#core;
		const { segment } = core;
		const taken = this.#reassembler.take(segment, nowMs);
		this.#countHeld();
		if (taken === HELD) return false;
		if (taken !== WHOLE) {
			core.dropUnbound(taken, offset, length);
			return false;
		}
		const { whole } = this.#reassembler;
		core.count(REASSEMBLED, whole.pieces - 1);
		const bound = segment.bind(whole.offset, whole.length);
		if (bound !== ACCEPT) {
			// A Fragment header within a fragmented packet, or not TCP behind an extension header.
			const inner = bound === ICMP_ERROR ? NOT_TCP : bound;
			const reason = inner === FRAGMENT ? MALFORMED : inner;
			core.dropUnbound(reason, whole.offset, whole.length);
			return false;
		}
		// Nobody else has: the sum goes over octets that came in many packets.
		if (!segment.verifyTcpChecksum()) {
			core.dropSegment(BAD_CHECKSUM);
			return false;
		}
		this.#tell(whole.largestPacketLength, whole.pieces);
		return true;
	}

	/** Their share of a counter that others have one of, too. */
	#countHeld(): void {
		const { heldPieces } = this.#reassembler;
		if (heldPieces === this.#heldCounted) return;
		this.#core.count(PACKETS_HELD, heldPieces - this.#heldCounted);
		this.#heldCounted = heldPieces;
	}

	/**
	 * Sizes tell the operator the path's MTU; source and DF bit are in the packet. Not when the peer cut for the path
	 * that we know of, as `--oversize fragment` does.
	 */
	#tell(largestPacketLength: number, pieces: number): void {
		const core = this.#core;
		const { segment } = core;
		const tuple = this.#tuple;
		tuple.remote.set(segment.source);
		tuple.remotePort = segment.sourcePort;
		tuple.localPort = segment.destinationPort;
		const flow = core.flows.find(tuple) ?? null;
		if (flow !== null) {
			const pathMtuBytes = flow.maxPayloadBytes + headersBytes(flow.family);
			if (largestPacketLength > pathMtuBytes - FRAGMENT_UNIT_BYTES) return;
		}
		core.noticeSegment(
			FRAGMENTS_REASSEMBLED,
			flow,
			largestPacketLength,
			pieces,
		);
	}
}
