// TCP's header (RFC 9293 §3.1): field offsets, control bits, and the options this wire format uses.

export const TCP_PROTOCOL = 6;
export const TCP_HEADER_BYTES = 20;

export const TCP_FIELD = {
	sourcePort: 0,
	destinationPort: 2,
	sequence: 4,
	acknowledgement: 8,
	dataOffset: 12,
	controlBits: 13,
	window: 14,
	checksum: 16,
	urgentPointer: 18,
	options: 20,
} as const;

export const FIN = 0x01;
export const SYN = 0x02;
export const RST = 0x04;
export const PSH = 0x08;
export const ACK = 0x10;
export const URG = 0x20;

/** Every segment of this wire format carries this window; two of ours use other values on bare ACKs (control segments). */
export const PLAIN_WINDOW = 0xffff;

/** NOP, window scale 14: what stock sends in SYN and SYN+ACK. */
export const WINDOW_SCALE_OPTION = 0x0103030e;
/** Kind and length of the MSS option in front of its 16-bit value. */
export const MSS_OPTION_HEAD = 0x0204;

const OPTION_END = 0;
const OPTION_NOP = 1;
const OPTION_MSS = 2;
const OPTION_WINDOW_SCALE = 3;
/** 40 octets of options can hold no more than 40 options. */
const MAX_OPTIONS = 40;

/** The result of `findMss`: the value is 1 to 65,535, or 0 when there is no MSS option. */
export interface MssFinding {
	mss: number;
	/** True when it stands behind a window scale option: set by a peer like us, not inserted by a router. */
	isAfterWindowScale: boolean;
}

/** Walks the options between `start` and `end` and notes the MSS. A malformed list ends the walk; nothing throws. */
export function findMss(
	view: DataView,
	start: number,
	end: number,
	finding: MssFinding,
): void {
	finding.mss = 0;
	finding.isAfterWindowScale = false;
	let sawWindowScale = false;
	let at = start;
	for (let walked = 0; walked < MAX_OPTIONS && at < end; walked++) {
		const kind = view.getUint8(at);
		if (kind === OPTION_END) return;
		if (kind === OPTION_NOP) {
			at += 1;
			continue;
		}
		if (at + 2 > end) return;
		const length = view.getUint8(at + 1);
		if (length < 2 || at + length > end) return;
		if (kind === OPTION_WINDOW_SCALE) sawWindowScale = true;
		if (kind === OPTION_MSS && length === 4) {
			finding.mss = view.getUint16(at + 2);
			finding.isAfterWindowScale = sawWindowScale;
		}
		at += length;
	}
}
