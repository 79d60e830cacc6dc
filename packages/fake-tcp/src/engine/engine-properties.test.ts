import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { EngineInvariants } from "../testing/engine-invariants.js";
import {
	cutFragments,
	cutSuperSegment,
	isFragment,
	type WirePacket,
	WirePair,
} from "../testing/index.js";
import { parametersOf, timeLimitMs } from "../testing/property-run.js";

type Step =
	| { readonly kind: "open"; readonly family: 4 | 6 }
	| {
			readonly kind: "send";
			readonly end: "client" | "server";
			readonly sizes: readonly number[];
	  }
	| { readonly kind: "wait"; readonly durationMs: number }
	| {
			readonly kind: "inject";
			readonly from: number;
			readonly changes: readonly (readonly [number, number])[];
	  }
	| { readonly kind: "stop"; readonly end: "client" | "server" };

const end = fc.constantFrom("client" as const, "server" as const);
const step: fc.Arbitrary<Step> = fc.oneof(
	{
		weight: 2,
		arbitrary: fc.record({
			kind: fc.constant("open" as const),
			family: fc.constantFrom(4 as const, 6 as const),
		}),
	},
	{
		weight: 6,
		arbitrary: fc.record({
			kind: fc.constant("send" as const),
			end,
			sizes: fc.array(
				fc.oneof(
					fc.integer({ min: 1, max: 1_500 }),
					fc.constantFrom(100, 100, 1_400, 1_400, 5_000),
				),
				{ minLength: 1, maxLength: 30 },
			),
		}),
	},
	{
		weight: 3,
		arbitrary: fc.record({
			kind: fc.constant("wait" as const),
			durationMs: fc.constantFrom(1, 100, 700, 2_500, 11_000),
		}),
	},
	{
		weight: 4,
		arbitrary: fc.record({
			kind: fc.constant("inject" as const),
			from: fc.nat(),
			changes: fc.array(fc.tuple(fc.nat(70), fc.nat(255)), { maxLength: 4 }),
		}),
	},
	{
		weight: 1,
		arbitrary: fc.record({ kind: fc.constant("stop" as const), end }),
	},
);

function run(
	pair: WirePair,
	steps: readonly Step[],
	pickLoss: (index: number) => number,
): void {
	let packets = 0;
	pair.wire = (packet) => {
		const fate = pickLoss(packets++);
		if (fate === 0) return [];
		if (fate === 1) return [packet, packet];
		if (fate === 2) return cutSuperSegment(packet).reverse();
		if (fate === 4) return fragmented(packet, packets);
		return fate === 3 ? cutSuperSegment(packet) : [packet];
	};
	for (const each of steps) take(pair, each);
}

/** Each segment cut again, every other batch with the pieces out of order. */
function fragmented(packet: WirePacket, identification: number): WirePacket[] {
	if (isFragment(packet.bytes)) return [packet];
	const pieces = cutSuperSegment(packet).flatMap(({ bytes }, index) =>
		cutFragments(bytes, {
			mtuBytes: 1_000,
			identification: identification * 64 + index,
		}).map((fragment) => ({ bytes: fragment, segmentSize: 0 })),
	);
	return identification % 2 === 0 ? pieces : pieces.reverse();
}

function take(pair: WirePair, each: Step): void {
	if (each.kind === "open") pair.client.tryOpen(pair.nowMs, each.family);
	else if (each.kind === "wait") pair.advance(each.durationMs);
	else if (each.kind === "stop") pair[each.end].engine.stop(pair.nowMs);
	else if (each.kind === "send") {
		const host = pair[each.end];
		const flow = host.engine.flows[0];
		const datagrams = each.sizes.map((size) =>
			new Uint8Array(size).fill(size & 255),
		);
		if (flow !== undefined) host.send(flow, datagrams, pair.nowMs);
	} else inject(pair, each.from, each.changes);
	pair.settle();
}

function inject(
	pair: WirePair,
	from: number,
	changes: readonly (readonly [number, number])[],
): void {
	const seen = pair.capture[from % Math.max(1, pair.capture.length)];
	if (seen === undefined) return;
	const bytes = Uint8Array.from(seen.packet.bytes);
	for (const [at, value] of changes) if (at < bytes.length) bytes[at] = value;
	const packet: WirePacket = { bytes, segmentSize: seen.packet.segmentSize };
	// Verdict "good" lets damaged bytes past the checksum, as an attacker's would.
	pair[seen.direction === "to-server" ? "server" : "client"].receive(
		packet,
		pair.nowMs,
		0,
	);
}

describe("two engines on any wire", () => {
	it(
		"never throw, never answer each other for ever, and give every packet exactly one fate",
		() => {
			fc.assert(
				fc.property(
					fc.array(step, { maxLength: 25 }),
					fc.array(fc.integer({ min: 0, max: 12 }), {
						minLength: 1,
						maxLength: 40,
					}),
					fc.constantFrom("default" as const, "stock-exact" as const),
					fc.constantFrom(2, 30),
					fc.constantFrom("drop" as const, "fragment" as const),
					(steps, fates, profile, clientFlows, oversize) => {
						const pair = new WirePair({
							server: { maxFlows: 3, profile, oversize },
							client: { maxFlows: clientFlows, oversize },
						});
						const watchers = [
							new EngineInvariants(pair.client),
							new EngineInvariants(pair.server, profile),
						];
						run(pair, steps, (index) => {
							for (const invariants of watchers) invariants.check();
							return fates[index % fates.length] ?? 9;
						});
						for (const invariants of watchers) invariants.check();
						for (const host of [pair.client, pair.server])
							expect(host.counter("handshakesStarted")).toBe(
								host.engine.flows.length +
									host.closed.length +
									host.renewed.length,
							);
					},
				),
				parametersOf("event sequences"),
			);
		},
		timeLimitMs(),
	);

	it(
		"always come to agree again on a wire that works: a new flow carries everything",
		() => {
			fc.assert(
				fc.property(
					fc.array(step, { maxLength: 15 }),
					fc.array(fc.integer({ min: 0, max: 6 }), { minLength: 1 }),
					(steps, fates) => {
						const pair = new WirePair({ server: { maxFlows: 64 } });
						run(pair, steps, (index) => fates[index % fates.length] ?? 9);
						pair.wire = (packet) => [packet];
						pair.client.takeDelivered();
						pair.server.takeDelivered();
						const flow = pair.client.open(pair.nowMs);
						const datagrams = [1, 700, 1_200].map((size) =>
							new Uint8Array(size).fill(size & 255),
						);
						pair.client.send(flow, datagrams, pair.nowMs);
						pair.settle();
						pair.advance(3_500);
						const carried = pair.server.takeDelivered();
						for (const datagram of datagrams)
							expect(carried).toContainEqual(datagram);
					},
				),
				parametersOf("event sequences", 3),
			);
		},
		timeLimitMs(),
	);
});
