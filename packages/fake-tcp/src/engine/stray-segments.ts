// Segments of no flow: a SYN may begin one, the acknowledgement of a cookie opens one, a reset is never answered, all else is answered with RST (wire.md 4.4).

import type { Flow } from "../flow/flow.js";
import { RateLimit } from "../flow/rate-limit.js";
import { DROP } from "../wire/drop-reason.js";
import { sequenceAdd } from "../wire/sequence.js";
import { ACK, RST, SYN } from "../wire/tcp.js";
import type { EngineCore } from "./engine-core.js";
import type { Handshake } from "./handshake.js";
import type { SynCookieServer } from "./syn-cookie-server.js";

export class StraySegments {
	readonly #core: EngineCore;
	readonly #handshake: Handshake;
	readonly #cookies: SynCookieServer;
	readonly #resets: RateLimit;

	constructor(
		core: EngineCore,
		handshake: Handshake,
		cookies: SynCookieServer,
	) {
		this.#core = core;
		this.#handshake = handshake;
		this.#cookies = cookies;
		this.#resets = new RateLimit(
			core.options.profile.straySegmentResetsPerSecond,
		);
	}

	/**
	 * The segment in the view belongs to no flow.
	 * @returns the flow that it opened, open already: its payload is the caller's to deliver.
	 */
	receive(nowMs: number): Flow | null {
		const core = this.#core;
		const { segment, options } = core;
		const bits = segment.controlBits;
		if ((bits & RST) !== 0) {
			core.dropSegment(DROP["unknown-flow-rst"]);
			return null;
		}
		const isListening =
			options.role === "server" &&
			segment.destinationPort === options.listenPort;
		if (bits === SYN && isListening && segment.segSeq === 0) {
			this.#handshake.beginServer(nowMs);
			return null;
		}
		const mssPlace = isListening ? this.#cookies.acknowledged(nowMs) : -1;
		if (mssPlace >= 0) return this.#openFromCookie(mssPlace, nowMs);
		core.dropSegment(reasonFor(bits));
		this.#answer(bits === SYN && isListening, nowMs);
		return null;
	}

	#openFromCookie(mssPlace: number, nowMs: number): Flow | null {
		const flow = this.#handshake.openFromCookie(mssPlace, nowMs);
		if (flow !== null) return flow;
		this.#core.dropSegment(DROP["flow-limit"]);
		// The peer believes the flow open; it had better know.
		this.#answer(false, nowMs);
		return null;
	}

	/** @param isSynToListener at the listening port the SYN counts as an octet, elsewhere stock leaves it out. */
	#answer(isSynToListener: boolean, nowMs: number): void {
		if (this.#core.cameInFragments) return;
		if (!this.#resets.allows(nowMs)) return;
		const { segment, outbox } = this.#core;
		const end = sequenceAdd(segment.segSeq, segment.payloadLength);
		if (isSynToListener) outbox.strayReset(segment, 0, sequenceAdd(end, 1));
		else outbox.strayReset(segment, segment.segAck, end);
	}
}

function reasonFor(controlBits: number): number {
	if (controlBits === SYN) return DROP["unacceptable-syn"];
	if (
		controlBits === 0 ||
		((controlBits & SYN) !== 0 && (controlBits & ACK) === 0)
	)
		return DROP["bad-control-bits"];
	return DROP["unknown-flow"];
}
