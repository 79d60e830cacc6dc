// ICMP errors about our segments, in words: what a router or host on the path says about them (RFC 792, RFC 4443).

import { formatIpAddress } from "@tunscope/fake-tcp";
import type { FromWorker } from "./worker-protocol.js";

const PAUSE_MS = 1_000;
const PAUSE_BETWEEN_EQUALS_MS = 60_000;

const IPV4_UNREACHABLE_CODES: Readonly<Record<number, string>> = {
	0: "network unreachable",
	1: "host unreachable",
	2: "protocol unreachable",
	3: "port unreachable",
	9: "network administratively prohibited",
	10: "host administratively prohibited",
	13: "administratively prohibited: a firewall rejects the segments",
};
const IPV6_UNREACHABLE_CODES: Readonly<Record<number, string>> = {
	0: "no route to the destination",
	1: "administratively prohibited: a firewall rejects the segments",
	3: "address unreachable",
	4: "port unreachable",
	5: "source address fails a policy",
	6: "the route rejects it",
};

/** Says what an ICMP error means, once a second at most and only when it is news. */
export class IcmpNotices {
	readonly #arena: Uint8Array;
	readonly #post: (message: FromWorker) => void;
	#last = "";
	#lastMs = Number.NEGATIVE_INFINITY;

	constructor(arena: Uint8Array, post: (message: FromWorker) => void) {
		this.#arena = arena;
		this.#post = post;
	}

	take(offset: number, length: number, nowMs: number): void {
		const sinceMs = nowMs - this.#lastMs;
		if (sinceMs < PAUSE_MS) return;
		const message = describeIcmpError(this.#arena, offset, length);
		if (message === this.#last && sinceMs < PAUSE_BETWEEN_EQUALS_MS) return;
		this.#last = message;
		this.#lastMs = nowMs;
		this.#post({ kind: "notice", code: "icmp-error", message });
	}
}

/** The packet was bound by the engine as an ICMP error, so the header and 8 octets behind it are there. */
function describeIcmpError(
	arena: Uint8Array,
	offset: number,
	length: number,
): string {
	const view = new DataView(arena.buffer, arena.byteOffset + offset, length);
	if (view.getUint8(0) >>> 4 === 4) return describeIcmpv4(view);
	return describeIcmpv6(view);
}

function describeIcmpv4(view: DataView): string {
	const source = formatIpAddress({
		family: 4,
		words: [0, 0, 0xffff, view.getInt32(12)],
	});
	const icmp = (view.getUint8(0) & 0x0f) * 4;
	const type = view.getUint8(icmp);
	const code = view.getUint8(icmp + 1);
	if (type === 3 && code === 4) {
		return `ICMP from ${source}: segment too big for its link, whose MTU is ${view.getUint16(icmp + 6)} bytes`;
	}
	if (type === 3)
		return `ICMP from ${source}: ${IPV4_UNREACHABLE_CODES[code] ?? `unreachable, code ${code}`}`;
	if (type === 11) return `ICMP from ${source}: time exceeded`;
	return `ICMP from ${source}: type ${type}, code ${code}`;
}

function describeIcmpv6(view: DataView): string {
	const source = formatIpAddress({
		family: 6,
		words: [
			view.getInt32(8),
			view.getInt32(12),
			view.getInt32(16),
			view.getInt32(20),
		],
	});
	const icmp = icmpv6Offset(view);
	const type = view.getUint8(icmp);
	const code = view.getUint8(icmp + 1);
	if (type === 2) {
		return `ICMPv6 from ${source}: packet too big for its link, whose MTU is ${view.getUint32(icmp + 4)} bytes`;
	}
	if (type === 1)
		return `ICMPv6 from ${source}: ${IPV6_UNREACHABLE_CODES[code] ?? `unreachable, code ${code}`}`;
	if (type === 3) return `ICMPv6 from ${source}: time exceeded`;
	return `ICMPv6 from ${source}: type ${type}, code ${code}`;
}

/** Past extension headers, whose chain the engine has checked. */
function icmpv6Offset(view: DataView): number {
	let next = view.getUint8(6);
	let at = 40;
	while (next !== 58) {
		next = view.getUint8(at);
		at += (view.getUint8(at + 1) + 1) * 8;
	}
	return at;
}
