import { describe, expect, it } from "vitest";
import type { WireProfileName } from "../flow/wire-profile.js";
import {
	anyFlowHint,
	anyPacketOf,
	anySegmentOf,
	type FlowHint,
} from "../testing/any-packet.js";
import { EngineInvariants, fatesOf } from "../testing/engine-invariants.js";
import {
	CLIENT_ADDRESS,
	CLIENT_ADDRESS6,
	type EngineHost,
	SERVER_ADDRESS,
	SERVER_ADDRESS6,
	summarize,
	toHex,
	WirePair,
} from "../testing/index.js";
import { mutatePacket } from "../testing/packet-mutation.js";
import {
	casesOf,
	checkRandomCases,
	timeLimitMs,
} from "../testing/property-run.js";
import { readSlowly } from "../testing/reference-reading.js";
import { SeededRandom } from "../testing/seeded-random.js";
import { VERDICT } from "./received-packets.js";

const PACKETS_PER_ENGINE = 500;
/** Invariants of the whole table are looked at this often; the packet's own fate every time. */
const PACKETS_PER_CHECK = 25;
/** What one packet that carries no answer may make an engine send: handshake's end, control value, window opener, ACK. */
const MAX_ANSWERS = 5;
const RST = 0x04;
/** Enough that some segments fit a flow. */
const REACHING_ENGINES = 60;
const PACKETS_PER_REACH = 20;

interface Target {
	readonly host: EngineHost;
	readonly role: "client" | "server";
	readonly profile: WireProfileName;
	readonly invariants: EngineInvariants;
	nowMs: number;
}

/** An engine with open flows of both families, and one half open. */
function anyTarget(random: SeededRandom): Target {
	const role = random.pick(["client", "server"] as const);
	const profile = random.chance(0.8) ? "default" : "stock-exact";
	const pair = new WirePair({
		client: {
			profile: role === "client" ? profile : "default",
			maxFlows: 8,
		},
		server: { profile: role === "server" ? profile : "default", maxFlows: 8 },
	});
	pair.client.open(pair.nowMs);
	pair.client.open(pair.nowMs, 6);
	pair.settle();
	pair.client.open(pair.nowMs);
	const [syn] = pair.client.takeSent();
	const host = pair[role];
	if (role === "server" && syn !== undefined) host.receive(syn, pair.nowMs);
	host.takeSent();
	const invariants = new EngineInvariants(host, profile);
	return { host, role, profile, invariants, nowMs: pair.nowMs };
}

/** What the peer of one of the flows would say next, or a stranger. */
function anyHint({ host, role }: Target, random: SeededRandom): FlowHint {
	const { flows } = host.engine;
	if (flows.length === 0 || random.chance(0.2)) {
		const stranger = anyFlowHint(random);
		if (role === "server") return stranger;
		const { source, destination } = stranger;
		return { ...stranger, source: destination, destination: source };
	}
	const flow = random.pick(flows);
	const isIpv4 = flow.family === 4;
	const client = isIpv4 ? CLIENT_ADDRESS : CLIENT_ADDRESS6;
	const server = isIpv4 ? SERVER_ADDRESS : SERVER_ADDRESS6;
	return {
		family: flow.family,
		source: role === "client" ? server : client,
		destination: role === "client" ? client : server,
		sourcePort: flow.remotePort,
		destinationPort: flow.localPort,
		seq: flow.rcvNxt,
		ack: flow.sndNxt,
	};
}

function giveOne(target: Target, random: SeededRandom): void {
	const { host } = target;
	const valid = anyPacketOf(anyHint(target, random), random);
	const { bytes, how } = random.chance(0.6)
		? mutatePacket(valid, random)
		: { bytes: valid, how: ["valid"] };
	const verdict = random.chance(0.6)
		? VERDICT.checksumGood
		: random.pick(Object.values(VERDICT));
	const segmentSize = random.chance(0.1) ? random.below(100) : 0;
	const fatesBefore = fatesOf(host);
	host.receive({ bytes, segmentSize }, target.nowMs, verdict);
	const fates = fatesOf(host) - fatesBefore;
	const problem =
		fates === 1 ? answerProblem(target, bytes) : `${fates} fates instead of 1`;
	if (problem !== null)
		throw new Error(
			`${problem} (${target.role}, ${target.profile}, verdict ${verdict}, ${how.join(", ")}): ${toHex(bytes)}`,
		);
	host.takeDelivered();
}

/** Why the engine should not have answered as it did. */
function answerProblem(target: Target, bytes: Uint8Array): string | null {
	const answers = target.host.takeSent();
	if (answers.length > MAX_ANSWERS)
		return `${answers.length} answers to one packet`;
	const reading = readSlowly(bytes);
	const resets = answers.filter((one) => (summarize(one).bits & RST) !== 0);
	if (reading.kind !== "segment")
		return resets.length === 0
			? null
			: `a reset for what is no segment: ${reading.kind}`;
	const isReset = (reading.segment.bits & RST) !== 0;
	if (isReset && resets.length > 0 && target.profile === "default")
		return "a reset is answered with a reset";
	return null;
}

function attack(random: SeededRandom): void {
	const target = anyTarget(random);
	for (let given = 1; given <= PACKETS_PER_ENGINE; given++) {
		giveOne(target, random);
		if (given % PACKETS_PER_CHECK !== 0) continue;
		// A long silence ends flows, and with them what most packets are about.
		target.nowMs += random.chance(0.02)
			? 12_000
			: random.pick([0, 1, 100, 700]);
		target.host.engine.expire(target.nowMs);
		target.host.engine.flush();
		target.host.takeSent();
		target.invariants.check();
		target.invariants.checkTimers(target.nowMs);
	}
}

describe("an engine, given any packet", () => {
	it(
		`never throws, gives it exactly one fate, answers little, and stays whole (${casesOf("any packet in the engine")} random packets)`,
		() => {
			checkRandomCases("any packet in the engine", PACKETS_PER_ENGINE, attack);
		},
		timeLimitMs(),
	);

	it("is given segments that reach its flows, not only ones that die at the parser", () => {
		let delivered = 0;
		let consumed = 0;
		// Always the same ones: with others, now and then none would be delivered.
		for (let seed = 1; seed <= REACHING_ENGINES; seed++) {
			const random = new SeededRandom(seed);
			const target = anyTarget(random);
			for (let given = 0; given < PACKETS_PER_REACH; given++) {
				const bytes = anySegmentOf(anyHint(target, random), random);
				target.host.receive({ bytes, segmentSize: 0 }, target.nowMs);
			}
			delivered += target.host.counter("packetsDelivered");
			consumed += target.host.counter("packetsConsumed");
		}
		expect(delivered).toBeGreaterThan(0);
		expect(consumed).toBeGreaterThan(0);
	});
});
