// ICMP errors about our segments: validated (RFC 5927 §4) before anything believes them, then evidence, and for "too big" a lower limit.

import type { Flow } from "../flow/flow.js";
import { isAcknowledgementValid } from "../flow/segment-acceptance.js";
import { headersBytes } from "../mtu/mtu-arithmetic.js";
import {
	believableMtuBytes,
	PATH_MTU_LIFETIME_MS,
} from "../pmtu/believable-mtu.js";
import { ICMP_KIND, ICMP_VERDICT, IcmpErrorView } from "../pmtu/icmp-error.js";
import { DROP, type DropReason } from "../wire/drop-reason.js";
import { TCP_FIELD } from "../wire/tcp.js";
import type { EngineCore } from "./engine-core.js";
import { ENGINE_COUNTER } from "./engine-counters.js";
import { type EngineNotice, NOTICE } from "./engine-notice.js";

const NOTICE_OF_KIND: Readonly<Record<number, EngineNotice>> = {
	[ICMP_KIND.unreachable]: NOTICE["icmp-unreachable"],
	[ICMP_KIND.prohibited]: NOTICE["icmp-prohibited"],
	[ICMP_KIND.timeExceeded]: NOTICE["icmp-time-exceeded"],
	[ICMP_KIND.other]: NOTICE["icmp-other"],
};

export class IcmpEvidence {
	readonly #core: EngineCore;
	readonly #icmp: IcmpErrorView;
	readonly #tuple = {
		remote: new Int32Array(4),
		remotePort: 0,
		localPort: 0,
	};

	constructor(core: EngineCore) {
		this.#core = core;
		this.#icmp = new IcmpErrorView(core.options.arena);
	}

	/** The segment view has found an ICMP error that is addressed to us. */
	receive(nowMs: number): void {
		const core = this.#core;
		const { segment } = core;
		const icmp = this.#icmp;
		const verdict = icmp.bind(segment);
		const icmpStart = segment.tcpOffset - segment.ipOffset;
		if (verdict === ICMP_VERDICT.badChecksum)
			return this.#drop(DROP["bad-icmp-checksum"], icmpStart + 2, 2, null);
		if (verdict === ICMP_VERDICT.quotesNoSegment)
			return this.#drop(DROP["icmp-unrelated"], icmpStart, 2, null);
		const flow = this.#quotedFlow();
		if (flow === undefined)
			return this.#drop(DROP["icmp-unrelated"], icmp.quotedTcpStart, 4, null);
		// RFC 5927 §4.1: only who sees our segments knows what is on its way. The same range as for acknowledgements: a
		// message about a segment that has arrived meanwhile, by another way, is still news.
		if (!isAcknowledgementValid(icmp.quotedSeq, flow.sndUna, flow.sndNxt))
			return this.#drop(
				DROP["icmp-implausible"],
				icmp.quotedTcpStart + TCP_FIELD.sequence,
				4,
				flow,
			);
		if (icmp.kind === ICMP_KIND.tooBig && !this.#lower(flow, nowMs))
			return this.#drop(DROP["icmp-implausible"], icmpStart + 4, 4, flow);
		core.count(ENGINE_COUNTER.packetsTakenAsEvidence, 1);
		const notice = NOTICE_OF_KIND[icmp.kind];
		if (notice !== undefined)
			core.noticeSegment(notice, flow, icmp.type, icmp.code);
		core.options.sink.evidence(segment.ipOffset, segment.packetLength);
	}

	#quotedFlow(): Flow | undefined {
		const core = this.#core;
		const icmp = this.#icmp;
		const local = core.options.local[core.segment.family].words;
		for (let word = 0; word < 4; word++)
			if (icmp.quotedSource[word] !== ((local[word] ?? 0) | 0))
				return undefined;
		const tuple = this.#tuple;
		tuple.remote.set(icmp.quotedDestination);
		tuple.remotePort = icmp.quotedDestinationPort;
		tuple.localPort = icmp.quotedSourcePort;
		return core.flows.find(tuple);
	}

	/** @returns false when the claim is not believed. */
	#lower(flow: Flow, nowMs: number): boolean {
		const core = this.#core;
		const headers = headersBytes(flow.family);
		const largestSentBytes =
			flow.largestSegmentBytes === 0 ? 0 : flow.largestSegmentBytes + headers;
		const mtuBytes = believableMtuBytes(
			this.#icmp.mtuBytes,
			flow.family,
			largestSentBytes,
		);
		if (mtuBytes === 0) return false;
		flow.pathMtuUntilMs = nowMs + PATH_MTU_LIFETIME_MS;
		const before = flow.maxPayloadBytes + headers;
		if (mtuBytes >= before) return true;
		flow.pathMtuBytes = mtuBytes;
		core.limitPayload(flow);
		core.noticeSegment(NOTICE["path-mtu-lowered"], flow, mtuBytes, before);
		return true;
	}

	#drop(
		reason: DropReason,
		start: number,
		length: number,
		flow: Flow | null,
	): void {
		const { segment } = this.#core;
		segment.faultStart = start;
		segment.faultLength = length;
		this.#core.dropUnbound(
			reason,
			segment.ipOffset,
			segment.packetLength,
			flow,
		);
	}
}
