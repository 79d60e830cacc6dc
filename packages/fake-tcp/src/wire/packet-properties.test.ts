import { describe, expect, it } from "vitest";
import { anyPacket } from "../testing/any-packet.js";
import { toHex } from "../testing/index.js";
import { mutatePacket } from "../testing/packet-mutation.js";
import {
	casesOf,
	checkRandomCases,
	timeLimitMs,
} from "../testing/property-run.js";
import {
	type ReferenceFragment,
	type ReferenceReading,
	type ReferenceSegment,
	readSlowly,
} from "../testing/reference-reading.js";
import type { SeededRandom } from "../testing/seeded-random.js";
import { dropReasonName } from "./drop-reason.js";
import { ACCEPT, FRAGMENT, ICMP_ERROR, SegmentView } from "./segment-view.js";

const CASES_PER_RUN = 48;
/** Making a packet costs more than damaging it. */
const CASES_PER_PACKET = 4;
/** Somewhere inside, so that a wrong offset shows. */
const AT = 37;
const arena = new Uint8Array(128 * 1024);
const view = new SegmentView(arena);

/** Why the view's reading cannot be right; null when it agrees with the reference. */
function disagreement(
	bytes: Uint8Array,
	reference: ReferenceReading,
): string | null {
	const verdict = view.bind(AT, bytes.length);
	if (verdict === ACCEPT)
		return reference.kind === "segment"
			? differingField(reference.segment)
			: `accepted; the reference says ${reference.kind}`;
	if (verdict === ICMP_ERROR)
		return reference.kind === "icmp-error"
			? null
			: `taken for an ICMP error; the reference says ${reference.kind}`;
	if (verdict === FRAGMENT)
		return reference.kind === "fragment"
			? differingPart(reference.fragment)
			: `taken for a fragment; the reference says ${reference.kind}`;
	const reason = dropReasonName(verdict);
	if (reference.kind !== "faulty")
		return `refused as ${reason}; the reference says ${reference.kind}`;
	if (!reference.faults.includes(reason))
		return `refused as ${reason}, which is not true of it: ${reference.faults}`;
	const faultEnd = view.faultStart + view.faultLength;
	if (view.faultStart < 0 || view.faultLength < 0 || faultEnd > bytes.length)
		return `the octets at fault, ${view.faultStart} to ${faultEnd}, are not inside the packet`;
	return null;
}

function differingPart(part: ReferenceFragment): string | null {
	const { fragment } = view;
	const pairs = [
		["identification", fragment.identification >>> 0, part.identification],
		["start", fragment.start, part.start],
		["more", Number(fragment.hasMore), Number(part.hasMore)],
		["length", fragment.length, part.payload.length],
	] as const;
	for (const [name, found, wanted] of pairs)
		if (found !== wanted) return `${name}: ${found} instead of ${wanted}`;
	for (const [at, octet] of part.payload.entries())
		if (arena[fragment.payloadOffset + at] !== octet) return "another payload";
	return null;
}

function differingField(segment: ReferenceSegment): string | null {
	const pairs = [
		["family", view.family, segment.family],
		["source port", view.sourcePort, segment.sourcePort],
		["destination port", view.destinationPort, segment.destinationPort],
		["sequence", view.segSeq >>> 0, segment.seq],
		["acknowledgement", view.segAck >>> 0, segment.ack],
		["control bits", view.controlBits, segment.bits],
		["window", view.window, segment.window],
		["payload length", view.payloadLength, segment.payload.length],
		[
			"checksum",
			Number(view.verifyTcpChecksum()),
			Number(segment.hasRightChecksum),
		],
	] as const;
	for (const [name, found, wanted] of pairs)
		if (found !== wanted) return `${name}: ${found} instead of ${wanted}`;
	for (const [at, octet] of segment.payload.entries())
		if (arena[view.payloadOffset + at] !== octet) return "another payload";
	return null;
}

function checkOne(packet: Uint8Array, random: SeededRandom): void {
	const { bytes, how } = mutatePacket(packet, random);
	arena.fill(0xee, 0, AT + bytes.length + 64);
	arena.set(bytes, AT);
	const problem = disagreement(bytes, readSlowly(bytes));
	if (problem !== null)
		throw new Error(`${problem} (${how.join(", ")}): ${toHex(bytes)}`);
}

describe("a segment view, given any packet", () => {
	it(
		`never throws, says only what a slow reading from the RFCs says, and points into the packet (${casesOf("any packet in the view")} random packets)`,
		() => {
			checkRandomCases("any packet in the view", CASES_PER_RUN, (random) => {
				for (let made = 0; made < CASES_PER_RUN; made += CASES_PER_PACKET) {
					const packet = anyPacket(random);
					for (let each = 0; each < CASES_PER_PACKET; each++)
						checkOne(packet, random);
				}
			});
		},
		timeLimitMs(),
	);

	it("is compared on packets of every kind: accepted, refused for each reason it knows, evidence", () => {
		const kinds = new Set<string>();
		checkRandomCases("any packet in the view", CASES_PER_RUN, (random) => {
			const { bytes } = mutatePacket(anyPacket(random), random);
			const reading = readSlowly(bytes);
			if (reading.kind !== "faulty") kinds.add(reading.kind);
			else for (const fault of reading.faults) kinds.add(fault);
		});
		expect([...kinds].sort()).toEqual([
			"bad-data-offset",
			"bad-extension-chain",
			"bad-ip-checksum",
			"bad-ip-header-length",
			"bad-ip-version",
			"empty-read",
			"fragment",
			"icmp-error",
			"link-local-chatter",
			"not-tcp",
			"segment",
			"truncated",
		]);
	});
});
