// What the MSS option of a SYN or SYN+ACK says about the peer, and what about a middlebox (wire.md 4.11).

import { findMss, type MssFinding, TCP_FIELD } from "../wire/tcp.js";
import type { EngineCore } from "./engine-core.js";
import { NOTICE } from "./engine-notice.js";

export class PeerMss {
	readonly #core: EngineCore;
	readonly #finding: MssFinding = { mss: 0, isAfterWindowScale: false };
	readonly #view: DataView;

	constructor(core: EngineCore) {
		this.#core = core;
		const { arena } = core.options;
		this.#view = new DataView(arena.buffer, arena.byteOffset, arena.byteLength);
	}

	/** @returns the MSS that a peer like us has set in the segment in the view, in octets; 0 when there is none. */
	read(): number {
		const { segment, options } = this.#core;
		if (!options.profile.announcesMss) return 0;
		findMss(
			this.#view,
			segment.tcpOffset + TCP_FIELD.options,
			segment.payloadOffset,
			this.#finding,
		);
		const { mss, isAfterWindowScale } = this.#finding;
		if (isAfterWindowScale) return mss;
		// In front or alone it is a middlebox's work and says nothing about the peer.
		if (mss > 0)
			this.#core.noticeSegment(NOTICE["mss-by-middlebox"], null, mss);
		return 0;
	}
}
