import { describe, expect, it } from "vitest";
import {
	areSameOctets,
	cutFragments,
	type EngineHost,
	fatesOf,
	isFragment,
	type WirePacket,
	WirePair,
} from "../testing/index.js";
import {
	casesOf,
	checkRandomCases,
	timeLimitMs,
} from "../testing/property-run.js";
import type { SeededRandom } from "../testing/seeded-random.js";

const DATAGRAMS_PER_PAIR = 20;
/** What a router on the way cuts a fragment's own size down to at least (RFC 8200 §5). */
const SMALLEST_MTU_BYTES = 1_280;

function anyPair(random: SeededRandom) {
	const linkMtuBytes = random.pick([1_280, 1_400, 1_500, 9_000]);
	const options = { oversize: "fragment", linkMtuBytes } as const;
	const pair = new WirePair({ client: options, server: options });
	const flow = pair.client.open(pair.nowMs, random.pick([4, 6] as const));
	pair.settle();
	if (flow.peerLinkMtuBytes === 0) throw new Error("the peer is not ours");
	return { pair, flow, linkMtuBytes };
}

/** Any order, some twice; a router may have cut IPv4 fragments' datagram itself. */
function shaken(
	packets: readonly WirePacket[],
	random: SeededRandom,
): readonly WirePacket[] {
	const shuffled = packets.map((packet) => ({ packet, at: random.word() }));
	if (random.chance(0.6)) shuffled.sort((left, right) => left.at - right.at);
	return shuffled.flatMap(({ packet }) =>
		random.chance(0.1) ? [packet, packet] : [packet],
	);
}

/** A segment that fits the sender's link, cut by a router that has a smaller one. */
function cutByRouter(packet: WirePacket, random: SeededRandom): WirePacket[] {
	if (isFragment(packet.bytes) || packet.segmentSize > 0) return [packet];
	if (packet.bytes.length <= SMALLEST_MTU_BYTES || random.chance(0.5))
		return [packet];
	const identification = random.below(0x10000);
	const link = { mtuBytes: SMALLEST_MTU_BYTES, identification };
	return cutFragments(packet.bytes, link).map((bytes) => ({
		bytes,
		segmentSize: 0,
	}));
}

/** Once, or again where every piece of it came twice: that is another datagram as good as the first. */
function problemOf(server: EngineHost, datagram: Uint8Array): string | null {
	const delivered = server.takeDelivered();
	if (delivered.length < 1 || delivered.length > 2)
		return `${delivered.length} datagrams delivered`;
	for (const whole of delivered)
		if (!areSameOctets([whole], [datagram])) return "other octets";
	return null;
}

function carryMany(random: SeededRandom): void {
	const { pair, flow, linkMtuBytes } = anyPair(random);
	for (let carried = 0; carried < DATAGRAMS_PER_PAIR; carried++) {
		const length = random.chance(0.5)
			? random.between(1, 4_000)
			: random.between(1, 65_495);
		const datagram = new Uint8Array(length);
		for (let at = 0; at < length; at++) datagram[at] = at * 31 + carried;
		pair.client.send(flow, [datagram], pair.nowMs);
		const sent = pair.client.takeSent();
		if (sent.some(({ bytes }) => bytes.length > linkMtuBytes))
			throw new Error(`${length} octets: a packet larger than the link`);
		const arriving = sent.flatMap((packet) => cutByRouter(packet, random));
		pair.server.receiveBatch(shaken(arriving, random), pair.nowMs);
		const problem = problemOf(pair.server, datagram);
		if (problem !== null)
			throw new Error(`${length} octets over ${linkMtuBytes}: ${problem}`);
		pair.nowMs += 50;
		pair.settle();
	}
	// A duplicate that came when its datagram was whole began another, which is given up now.
	pair.advance(6_000);
	expect(pair.server.engine.heldFragments).toBe(0);
	expect(pair.server.engine.heldFragmentBytes).toBe(0);
	expect(fatesOf(pair.server)).toBe(pair.server.counter("packetsReceived"));
}

describe("a datagram in fragments", () => {
	it(
		`comes back as it was, by whomever it was cut, in any order (${casesOf("fragments round trip")} random datagrams)`,
		() => {
			checkRandomCases("fragments round trip", DATAGRAMS_PER_PAIR, carryMany);
		},
		timeLimitMs(),
	);
});
