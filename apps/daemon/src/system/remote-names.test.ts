import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { ResolvedAddress } from "../tunnel/worker-protocol.js";
import { RemoteNames } from "./remote-names.js";

const FIVE_MINUTES_MS = 300_000;

function remote(address: string): ResolvedAddress {
	return { family: address.includes(":") ? 6 : 4, address, port: 4_567 };
}

/** A resolver whose answers the test sets, and everything that came of them, in order. */
function rig(host: string, first: readonly string[]) {
	const state: {
		answer: readonly string[] | Error;
		questions: number;
		readonly log: string[];
	} = { answer: first, questions: 0, log: [] };
	const texts = (list: readonly ResolvedAddress[]) =>
		list.map(({ address }) => address).join(" ");
	const names = new RemoteNames({
		host,
		remotes: first.map(remote),
		find: async () => {
			state.questions++;
			if (state.answer instanceof Error) throw state.answer;
			return state.answer.map(remote);
		},
		prepare: async (all) => void state.log.push(`prepare ${texts(all)}`),
		onChange: (list) => state.log.push(`use ${texts(list)}`),
		onNotice: (message) => state.log.push(message),
		nowMs: () => Date.now(),
	});
	names.start();
	started.push(names);
	return { names, state };
}

const started: RemoteNames[] = [];
beforeEach(() => {
	vi.useFakeTimers();
});
afterEach(() => {
	for (const names of started.splice(0)) names.stop();
	vi.useRealTimers();
});

const later = (milliseconds: number) =>
	vi.advanceTimersByTimeAsync(milliseconds);

describe("the remote's name", () => {
	it("is asked again after five minutes; the same addresses in another order are no news", async () => {
		const { state } = rig("vpn.example", ["192.0.2.1", "192.0.2.2"]);
		state.answer = ["192.0.2.2", "192.0.2.1"];
		await later(FIVE_MINUTES_MS - 1);
		expect(state.questions).toBe(0);
		await later(1);
		expect(state.questions).toBe(1);
		expect(state.log).toEqual([]);
	});

	it("packet case 58: a name that leads elsewhere is prepared for first, with the old addresses, then used", async () => {
		const { names, state } = rig("vpn.example", ["192.0.2.1"]);
		state.answer = ["2001:db8::5"];
		await later(FIVE_MINUTES_MS);
		expect(state.log).toEqual([
			"prepare 2001:db8::5 192.0.2.1",
			"The name vpn.example leads to 2001:db8::5 now, before to 192.0.2.1: new flows go there.",
			"use 2001:db8::5",
		]);
		expect(names.remotes).toEqual([remote("2001:db8::5")]);
	});

	it("keeps eight old addresses at most, the latest first", async () => {
		const { state } = rig("vpn.example", ["192.0.2.0"]);
		for (let change = 1; change <= 10; change++) {
			state.answer = [`192.0.2.${change}`];
			await later(FIVE_MINUTES_MS);
		}
		expect(state.log.filter((line) => line.startsWith("prepare")).at(-1)).toBe(
			"prepare 192.0.2.10 192.0.2.9 192.0.2.8 192.0.2.7 192.0.2.6 192.0.2.5 192.0.2.4 192.0.2.3 192.0.2.2",
		);
	});

	it("is asked when nobody answers, at most every three seconds", async () => {
		const { names, state } = rig("vpn.example", ["192.0.2.1"]);
		await later(2_999);
		await names.askAgain();
		expect(state.questions).toBe(0);
		await later(1);
		await names.askAgain();
		await names.askAgain();
		expect(state.questions).toBe(1);
	});

	it("that does not resolve any more changes nothing, and is said once until it does again", async () => {
		const { names, state } = rig("vpn.example", ["192.0.2.1"]);
		state.answer = new Error("no answer.");
		await later(2 * FIVE_MINUTES_MS);
		expect(state.questions).toBe(2);
		expect(state.log).toEqual([
			"The name vpn.example cannot be looked up now, 192.0.2.1 stays in use: no answer.",
		]);
		expect(names.remotes).toEqual([remote("192.0.2.1")]);
	});

	it("is not asked for when it is an address", async () => {
		const { names, state } = rig("192.0.2.1", ["192.0.2.1"]);
		await later(2 * FIVE_MINUTES_MS);
		await names.askAgain();
		expect(state.questions).toBe(0);
	});
});
