import { pino } from "pino";
import { describe, expect, it } from "vitest";
import type { TunnelEvent } from "../tunnel/tunnel-event.js";
import { createTunnelEventLog } from "./log-tunnel-events.js";

function record() {
	const lines: Record<string, unknown>[] = [];
	const write = (line: string) => void lines.push(JSON.parse(line));
	let nowMs = 0;
	const log = createTunnelEventLog(
		pino({ level: "debug", base: null }, { write }),
		() => nowMs,
	);
	return {
		lines,
		log,
		advance: (ms: number) => {
			nowMs += ms;
		},
	};
}

const OPENED: TunnelEvent = {
	kind: "flow-opened",
	slot: 0,
	peer: "192.0.2.1:4567",
	localPort: 33_000,
};

describe("tunnel events in the log", () => {
	it("have their name, their fields and a sentence", () => {
		const { lines, log } = record();
		log(OPENED);
		log({
			kind: "flow-closed",
			slot: 0,
			peer: "192.0.2.1:4567",
			localPort: 33_000,
			reason: "idle",
		});
		expect(lines).toMatchObject([
			{
				level: 30,
				event: "flow-opened",
				peer: "192.0.2.1:4567",
				localPort: 33_000,
				msg: expect.stringContaining("flow opened"),
			},
			{
				level: 30,
				event: "flow-closed",
				reason: "idle",
				msg: expect.stringContaining("(idle)"),
			},
		]);
	});

	it("let twenty of a peer's events through in a second, and say later how many were withheld", () => {
		const { lines, log, advance } = record();
		for (let count = 0; count < 25; count += 1) log(OPENED);
		expect(lines).toHaveLength(20);
		advance(999);
		log(OPENED);
		expect(lines).toHaveLength(20);
		advance(1);
		log(OPENED);
		expect(lines.at(-1)).toMatchObject({ withheldBefore: 6 });
		log(OPENED);
		expect(lines.at(-1)).not.toHaveProperty("withheldBefore");
	});

	it("never withhold what the tunnel says about itself", () => {
		const { lines, log } = record();
		for (let count = 0; count < 50; count += 1)
			log({ kind: "tun-lost", cause: "deleted" });
		expect(lines).toHaveLength(50);
	});

	it("tell our bug from the world's failure", () => {
		const { lines, log } = record();
		log({
			kind: "worker-ended",
			error: new Error("planted"),
			failure: null,
			restartInMs: 250,
		});
		const failure = {
			code: "NAME_IN_USE",
			message: "The name is taken.",
			whatToDo: "Take another.",
		};
		log({ kind: "worker-ended", error: null, failure, restartInMs: 500 });
		expect(lines).toMatchObject([
			{
				level: 50,
				stack: expect.stringContaining("planted"),
				msg: expect.stringContaining("bug in tunscope"),
			},
			{
				level: 50,
				code: "NAME_IN_USE",
				msg: "The name is taken. Take another. (starting again in 500 ms)",
			},
		]);
	});

	it("have a line for every kind", () => {
		const { lines, log } = record();
		const events: TunnelEvent[] = [
			{
				kind: "tun-opened",
				tunName: "tun0",
				interfaceIndex: 3,
				offloads: { checksum: true, tso4: true, tso6: false },
			},
			{ kind: "running" },
			{ kind: "tun-lost", cause: "down" },
			{ kind: "tun-restored" },
			{ kind: "target-state", isDown: true },
			{ kind: "target-state", isDown: false },
			{ kind: "notice", code: "gso-off", message: "No segmentation offload." },
			{ kind: "flow-events-suppressed", count: 7 },
			{ kind: "state", state: "running" },
			{ kind: "worker-ended", error: null, failure: null, restartInMs: 1 },
		];
		for (const event of events) log(event);
		expect(lines.map(({ event }) => event)).toEqual(
			events.map(({ kind }) => kind),
		);
		for (const { msg } of lines) expect(msg).toMatch(/\w/);
	});
});
