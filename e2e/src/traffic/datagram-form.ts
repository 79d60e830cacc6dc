// The test datagram: a header with flow, sequence, send time and CRC, then bytes that follow from flow and sequence.

import { crc32 } from "node:zlib";

/**
 * Full form, 24 bytes and more, big-endian:
 *  0 u8 stream, 1 u8 zero, 2 u16 flow, 4 u32 CRC-32 of everything else,
 *  8 u64 sequence, 16 u64 send time in µs of the monotonic clock, 24 pseudo-random bytes.
 * Reduced form, under 24 bytes: only pseudo-random bytes, which follow from (stream, flow, sequence, size).
 */
export const FULL_FORM_BYTES = 24;
const CRC_OFFSET = 4;
const SEQUENCE_OFFSET = 8;
const TIME_OFFSET = 16;
const TWO_32 = 2 ** 32;

/** From the opener to the answerer, back, and the opener's "I am here" when it has nothing to send. */
export const STREAM = { up: 0x55, down: 0x44, hello: 0x48 } as const;

/** Identifies a datagram; reused by callers, not kept here. */
export interface DatagramIdentity {
	stream: number;
	flow: number;
	sequence: number;
	/** Bytes of the whole datagram. */
	size: number;
}

const PAD_BYTES = 65_536;
/** Twice the pad, so that a window that starts anywhere in the first half is contiguous. */
const pad = makePad();

function makePad(): Buffer {
	const bytes = Buffer.alloc(2 * PAD_BYTES);
	// xorshift32 (Marsaglia 2003); any fixed noise would do.
	let state = 0x9e3779b9;
	for (let place = 0; place < PAD_BYTES; place += 1) {
		state ^= state << 13;
		state ^= state >>> 17;
		state ^= state << 5;
		bytes[place] = state & 0xff;
		bytes[place + PAD_BYTES] = state & 0xff;
	}
	return bytes;
}

/** Start of the window of noise for this datagram: mixes all four values (murmur3's finaliser). */
function windowStart(identity: DatagramIdentity): number {
	const low = identity.sequence % TWO_32;
	const high = Math.floor(identity.sequence / TWO_32);
	let mixed = Math.imul(low ^ Math.imul(high, 0x27d4eb2f), 0x85ebca6b);
	mixed ^= Math.imul(identity.flow + 1, 0xc2b2ae35) ^ (identity.stream << 24);
	mixed ^= Math.imul(identity.size, 0x165667b1);
	mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
	mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
	return (mixed ^ (mixed >>> 16)) & (PAD_BYTES - 1);
}

/** Monotonic µs, the same in every process of this machine. */
export function monotonicUs(): number {
	return clockBaseUs + performance.now() * 1000;
}
const clockBaseUs = calibrateClock();

/** Between two readings of clocks the scheduler may take the CPU away, so the quickest of many pairs counts. */
function calibrateClock(): number {
	let best = { widthUs: Number.POSITIVE_INFINITY, baseUs: 0 };
	for (let attempt = 0; attempt < 50; attempt += 1) {
		const before = process.hrtime.bigint();
		const nowUs = performance.now() * 1000;
		const after = process.hrtime.bigint();
		const widthUs = Number(after - before) / 1000;
		if (widthUs >= best.widthUs) continue;
		best = { widthUs, baseUs: Number(before / 1000n) + widthUs / 2 - nowUs };
	}
	return best.baseUs;
}

/**
 * Writes a datagram of `identity.size` bytes at `offset`.
 * @param target must hold `offset + identity.size` bytes.
 */
export function writeDatagram(
	target: Buffer,
	offset: number,
	identity: DatagramIdentity,
): void {
	const { size } = identity;
	const start = windowStart(identity);
	if (size < FULL_FORM_BYTES) {
		pad.copy(target, offset, start, start + size);
		return;
	}
	pad.copy(
		target,
		offset + FULL_FORM_BYTES,
		start,
		start + size - FULL_FORM_BYTES,
	);
	target[offset] = identity.stream;
	target[offset + 1] = 0;
	target.writeUInt16BE(identity.flow, offset + 2);
	writeUint64(target, offset + SEQUENCE_OFFSET, identity.sequence);
	writeUint64(target, offset + TIME_OFFSET, Math.floor(monotonicUs()));
	target.writeUInt32BE(
		sumOf(target.subarray(offset, offset + size)),
		offset + CRC_OFFSET,
	);
}

/** What a full-form datagram says about itself; filled by `readDatagram`. */
export interface DatagramReading extends DatagramIdentity {
	sentUs: number;
}

/** @returns whether the CRC and every pseudo-random byte are right; `reading` is filled either way. */
export function readDatagram(bytes: Buffer, reading: DatagramReading): boolean {
	reading.stream = bytes[0] ?? 0;
	reading.flow = bytes.readUInt16BE(2);
	reading.sequence = readUint64(bytes, SEQUENCE_OFFSET);
	reading.sentUs = readUint64(bytes, TIME_OFFSET);
	reading.size = bytes.length;
	if (bytes.readUInt32BE(CRC_OFFSET) !== sumOf(bytes)) return false;
	const start = windowStart(reading);
	return (
		bytes.compare(
			pad,
			start,
			start + bytes.length - FULL_FORM_BYTES,
			FULL_FORM_BYTES,
		) === 0
	);
}

/** Whether these bytes are exactly the reduced form of this datagram. */
export function isReducedForm(
	bytes: Buffer,
	identity: DatagramIdentity,
): boolean {
	if (bytes.length !== identity.size) return false;
	const start = windowStart(identity);
	return bytes.compare(pad, start, start + bytes.length) === 0;
}

function sumOf(datagram: Buffer): number {
	const head = crc32(datagram.subarray(0, CRC_OFFSET));
	return crc32(datagram.subarray(CRC_OFFSET + 4), head);
}

function writeUint64(target: Buffer, offset: number, number: number): void {
	target.writeUInt32BE(Math.floor(number / TWO_32), offset);
	target.writeUInt32BE(number % TWO_32, offset + 4);
}

function readUint64(bytes: Buffer, offset: number): number {
	return bytes.readUInt32BE(offset) * TWO_32 + bytes.readUInt32BE(offset + 4);
}
