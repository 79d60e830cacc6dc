// What every TUN implementation does with IP fragments: they go as they stand.

import { describe, expect, it } from "vitest";
import { byteAt, numberAt } from "../memory/tcp-segment.js";
import { PACKET_VERDICT } from "../tun-device.js";
import { type ComplianceLab, waitFor } from "./compliance-lab.js";
import { patternBytes, tcpTrainHeader } from "./train-builder.js";
import {
	type Family,
	ROUTES,
	type TunBench,
	useTunBench,
} from "./tun-bench.js";

const IDENTIFICATION = 0x5c0f;
const FIRST_BYTES = 1_376;
const TAIL_BYTES = 8;

interface ReadFragment {
	readonly payload: Uint8Array;
	readonly start: number;
	readonly hasMore: boolean;
	readonly verdict: number;
}

/** IP header of a segment's fragment; the IPv4 checksum is made anew. */
function fragmentHeader(
	family: Family,
	start: number,
	payloadBytes: number,
): Uint8Array {
	const hasMore = start === 0;
	const whole = tcpTrainHeader(ROUTES[family], FIRST_BYTES + TAIL_BYTES - 20);
	if (family === "ipv4") {
		const header = Uint8Array.from(whole.subarray(0, 20));
		const view = new DataView(header.buffer);
		view.setUint16(2, 20 + payloadBytes);
		view.setUint16(4, IDENTIFICATION);
		view.setUint16(6, (hasMore ? 0x2000 : 0) | (start >>> 3));
		view.setUint16(10, 0);
		let sum = 0;
		for (let at = 0; at < 20; at += 2) sum += view.getUint16(at);
		while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
		view.setUint16(10, ~sum & 0xffff);
		return header;
	}
	const header = new Uint8Array(48);
	header.set(whole.subarray(0, 40));
	const view = new DataView(header.buffer);
	view.setUint16(4, 8 + payloadBytes);
	header[6] = 44;
	header[40] = 6;
	view.setUint16(42, start | (hasMore ? 1 : 0));
	view.setUint32(44, IDENTIFICATION);
	return header;
}

function describeFragment(packet: Uint8Array, verdict: number) {
	const isIpv4 = byteAt(packet, 0) >> 4 === 4;
	const at = isIpv4 ? 20 : 48;
	const identification = numberAt(packet, isIpv4 ? 4 : 46);
	const place = numberAt(packet, isIpv4 ? 6 : 42);
	const isFragment = isIpv4 ? (place & 0x3fff) !== 0 : byteAt(packet, 6) === 44;
	if (!isFragment || identification !== IDENTIFICATION) return null;
	return {
		payload: packet.slice(at),
		start: isIpv4 ? (place & 0x1fff) * 8 : place & 0xfff8,
		hasMore: isIpv4 ? (place & 0x2000) !== 0 : (place & 1) !== 0,
		verdict,
	};
}

async function carriesFragments(bench: TunBench, family: Family) {
	const { pair, builder, batch, arena } = bench;
	const payload = patternBytes(FIRST_BYTES + TAIL_BYTES);
	const first = payload.subarray(0, FIRST_BYTES);
	const tail = payload.subarray(FIRST_BYTES);
	builder.add({
		header: fragmentHeader(family, 0, first.length),
		pieces: [first.subarray(0, 100), first.subarray(100)],
		segmentSize: 0,
	});
	builder.add({
		header: fragmentHeader(family, FIRST_BYTES, tail.length),
		pieces: [tail],
		segmentSize: 0,
	});
	// A segment between fragments is a segment like any other.
	builder.addTcp(ROUTES[family], patternBytes(77), 77);
	const outcome = pair.left.writeTrains(builder.trains);
	expect(outcome).toMatchObject({ segmentsWritten: 3, lastErrno: 0 });
	const fragments: ReadFragment[] = [];
	await waitFor("two fragments", () => {
		pair.right.readBatch(batch);
		for (let index = 0; index < batch.count; index += 1) {
			const offset = batch.offset[index] ?? 0;
			const packet = arena.slice(offset, offset + (batch.length[index] ?? 0));
			const found = describeFragment(packet, batch.verdict[index] ?? -1);
			if (found !== null) fragments.push(found);
		}
		return fragments.length === 2;
	});
	const verdict = PACKET_VERDICT.checksumUnknown;
	expect(fragments).toEqual([
		{ payload: first, start: 0, hasMore: true, verdict },
		{ payload: tail, start: FIRST_BYTES, hasMore: false, verdict },
	]);
}

/** Runs the suite; `openLab` gives a fresh world whose factory is the one under test. */
export function describeTunFragments(openLab: () => ComplianceLab): void {
	const open = useTunBench(openLab);
	for (const family of ["ipv4", "ipv6"] as const) {
		describe(`fragments over ${family}`, () => {
			it("go as they stand", async () =>
				await carriesFragments(open(), family));
			it("go as they stand without offloads on either side", async () =>
				await carriesFragments(open("none", "none"), family));
		});
	}
}
