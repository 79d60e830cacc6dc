import { describe, expect, it } from "vitest";
import type { WireProfileName } from "../flow/wire-profile.js";
import { anyFlowHint, anySegmentOf } from "../testing/any-packet.js";
import {
	CLIENT_ADDRESS,
	CLIENT_ADDRESS6,
	SERVER_ADDRESS,
	SERVER_ADDRESS6,
	toHex,
} from "../testing/index.js";
import {
	casesOf,
	checkRandomCases,
	timeLimitMs,
} from "../testing/property-run.js";
import type { SeededRandom } from "../testing/seeded-random.js";
import { CLEAR_WEATHER, type Weather } from "../testing/simulated-link.js";
import { SimulatedNetwork } from "../testing/simulated-network.js";

const MAX_EVENTS = 25;
/** Once the link is clear, an application that goes on asking gets answers by then, and keeps getting them. */
const CONVERGED_WITHIN_MS = 15_000;
const ASKING_INTERVAL_MS = 250;
const ANSWERS_IN_A_ROW = 4;

function anyWeather(random: SeededRandom): Weather {
	const least = random.pick([0, 1, 20, 150]);
	return {
		lossShare: random.pick([0, 0.01, 0.1, 0.5, 0.95, 1]),
		duplicateShare: random.pick([0, 0, 0.1, 0.5]),
		corruptShare: random.pick([0, 0, 0.05, 0.3]),
		delayMs: { least, most: least + random.pick([0, 1, 30, 400]) },
		cutsSuperSegments: random.chance(0.5),
	};
}

/** A segment from somebody on the path: the tuple and the numbers of a live flow, or nearly. */
function injectSegment(network: SimulatedNetwork, random: SeededRandom): void {
	const end = random.pick(["client", "server"] as const);
	const { flows } = network.host(end).engine;
	if (flows.length === 0 || random.chance(0.2))
		return network.inject(end, anySegmentOf(anyFlowHint(random), random));
	const flow = random.pick(flows);
	const isIpv4 = flow.family === 4;
	const client = isIpv4 ? CLIENT_ADDRESS : CLIENT_ADDRESS6;
	const server = isIpv4 ? SERVER_ADDRESS : SERVER_ADDRESS6;
	const hint = {
		family: flow.family,
		source: end === "client" ? server : client,
		destination: end === "client" ? client : server,
		sourcePort: flow.remotePort,
		destinationPort: flow.localPort,
		seq: flow.rcvNxt,
		ack: flow.sndNxt,
	};
	network.inject(end, anySegmentOf(hint, random));
}

const EVENTS = {
	client: (network, random) =>
		network.sendFromClient(
			`c ${random.word()} ${"x".repeat(random.below(99))}`,
		),
	server: (network, random) => network.sendFromServer(`s ${random.word()}`),
	wait: (network, random) =>
		network.advance(random.pick([1, 50, 300, 1_100, 7_000, 70_000])),
	weather: (network, random) => {
		network.link.weather = anyWeather(random);
	},
	inject: injectSegment,
	restart: (network, random) =>
		network.restart(random.pick(["client", "server"] as const)),
	rebind: (network, random) => {
		network.link.portMask = random.below(4_096);
	},
} as const satisfies Record<
	string,
	(network: SimulatedNetwork, random: SeededRandom) => void
>;

type EventName = keyof typeof EVENTS;
const WEIGHTED: readonly EventName[] = [
	...(["client", "client", "client", "client", "server", "server"] as const),
	...(["wait", "wait", "wait", "wait", "weather", "weather"] as const),
	...(["inject", "inject", "restart", "rebind"] as const),
];

const PROFILES: readonly Readonly<
	Record<"client" | "server", WireProfileName>
>[] = [
	{ client: "default", server: "default" },
	{ client: "default", server: "default" },
	{ client: "default", server: "stock-exact" },
	{ client: "stock-exact", server: "default" },
];

/** Asks and asks until the answers come in a row. @returns how long it took, or null. */
function timeToConverge(network: SimulatedNetwork): number | null {
	const startedMs = network.nowMs;
	let inARow = 0;
	for (let asked = 0; ; asked++) {
		const elapsedMs = network.nowMs - startedMs;
		if (inARow === ANSWERS_IN_A_ROW) return elapsedMs;
		if (elapsedMs > CONVERGED_WITHIN_MS) return null;
		const question = `question ${asked}`;
		network.sendFromClient(question);
		network.advance(ASKING_INTERVAL_MS);
		inARow = network.arrivedAtClient.has(question) ? inARow + 1 : 0;
	}
}

function checkOne(random: SeededRandom): void {
	const profiles = random.pick(PROFILES);
	const network = new SimulatedNetwork({
		seed: random.word(),
		profiles,
		family: random.pick([4, 6] as const),
	});
	const told: string[] = [`${profiles.client} to ${profiles.server}`];
	try {
		for (let left = random.between(3, MAX_EVENTS); left > 0; left--) {
			const name = random.pick(WEIGHTED);
			told.push(name);
			EVENTS[name](network, random);
		}
		network.link.weather = CLEAR_WEATHER;
		if (timeToConverge(network) === null)
			throw new Error(`no answers in a row within ${CONVERGED_WITHIN_MS} ms`);
	} catch (error) {
		throw new Error(`${error} after: ${told.join(", ")}`);
	}
	const injected = told.includes("inject");
	const [foreign] = network.foreign;
	if (!injected && foreign !== undefined)
		throw new Error(`delivered what nobody sent: ${toHex(foreign)}`);
}

describe("two engines on a simulated link", () => {
	it(
		`carry data both ways within ${CONVERGED_WITHIN_MS / 1_000} s once it is clear, whatever came before (${casesOf("convergence")} random histories)`,
		() => checkRandomCases("convergence", 1, checkOne),
		timeLimitMs(),
	);

	it("do so at once when nothing went wrong", () => {
		const network = new SimulatedNetwork({
			seed: 1,
			profiles: { client: "default", server: "default" },
			family: 4,
		});
		expect(timeToConverge(network)).toBe(ANSWERS_IN_A_ROW * ASKING_INTERVAL_MS);
	});

	it("would not be found converged on a link that carries nothing", () => {
		const network = new SimulatedNetwork({
			seed: 1,
			profiles: { client: "default", server: "default" },
			family: 4,
		});
		network.link.weather = { ...CLEAR_WEATHER, lossShare: 1 };
		expect(timeToConverge(network)).toBeNull();
	});
});
