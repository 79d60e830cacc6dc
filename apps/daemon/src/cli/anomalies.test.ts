import { EventEmitter } from "node:events";
import { anomalyLineSchema } from "@tunscope/shared";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { AnomalyReport } from "../anomaly/anomaly-report.js";
import { AnomalyRing } from "../anomaly/anomaly-ring.js";
import { anomalyEvent } from "../control/testing/anomaly-event.js";
import {
	controlledTunnel,
	RunningInstances,
} from "../control/testing/running-instance.js";
import { runAnomalies } from "./anomalies.js";
import type { AnomaliesQuestion } from "./anomalies-command.js";

let instances: RunningInstances;
beforeEach(() => {
	instances = new RunningInstances();
});
afterEach(() => instances.stop());

function report(change: Partial<AnomalyReport> = {}): AnomalyReport {
	const { code, flow, count, notKept, firstSeen, lastSeen, ...rest } =
		anomalyEvent();
	const { packet, parameters } = rest;
	const made = { code, flow, count, notKept, firstSeen, lastSeen };
	return { ...made, packet, parameters, ...change };
}

function ringOf(name: string, ...reports: readonly AnomalyReport[]) {
	const ring = new AnomalyRing(name);
	ring.add(reports);
	return ring;
}

class Screen extends EventEmitter {
	text = "";
	columns = 60;

	constructor(readonly isTTY: boolean) {
		super();
	}

	write(text: string | Uint8Array): boolean {
		this.text += String(text);
		return true;
	}
}

async function anomalies(
	question: Partial<AnomaliesQuestion> = {},
	parts: {
		isTTY?: boolean;
		language?: "en" | "zh-CN";
		out?: Screen;
		enough?: AbortSignal;
	} = {},
) {
	const out = parts.out ?? new Screen(parts.isTTY ?? true);
	const err = new Screen(false);
	const { language = "en" } = parts;
	const code = await runAnomalies({
		question: { names: [], isFollowing: false, isJson: false, ...question },
		environment: { ...instances.environment, language },
		out,
		err,
		enough: parts.enough ?? new AbortController().signal,
	});
	return { code, out: out.text, err: err.text };
}

describe("tunscope anomalies", () => {
	it("is a line for each code and flow, with what happened, what it means and what to do", async () => {
		const later = { at: "2026-11-23T12:00:09.000Z", monotonicMs: 9_000 };
		await instances.start(
			1,
			controlledTunnel("home", {
				anomalies: ringOf(
					"home",
					report({ count: 40 }),
					report({ count: 2, notKept: 1_000, lastSeen: later }),
					report({ code: "not-tcp", flow: null }),
				),
			}),
		);
		const { code, out, err } = await anomalies();
		expect({ code, err }).toEqual({ code: 0, err: "" });
		const heads = out.split("\n").filter((line) => /^\w/.test(line));
		expect(heads).toEqual([
			expect.stringMatching(/^note {3}home {2}not-tcp {2}1× {2}\d\d:00:00$/),
			expect.stringMatching(
				/^warn {3}home {2}bad-tcp-checksum {2}1,042× {2}\d\d:00:00–\d\d:00:09 {2}192\.0\.2\.1:4567$/,
			),
		]);
		for (const line of out.split("\n"))
			if (!/^\w/.test(line)) expect(line.length).toBeLessThanOrEqual(60);
		expect(out).toContain("\n    ");
	});

	it("speaks Chinese where the operator does, within the terminal's columns", async () => {
		await instances.start(
			1,
			controlledTunnel("home", { anomalies: ringOf("home", report()) }),
		);
		const { out } = await anomalies({}, { language: "zh-CN" });
		expect(out).toMatch(/\p{Script=Han}/u);
		for (const line of out.split("\n")) {
			const wide = line.match(/[\p{Script=Han}\u3000-\u303f\uff00-\uff60]/gu);
			// A closing mark may hang over the edge.
			expect(line.length + (wide?.length ?? 0)).toBeLessThanOrEqual(62);
		}
		await instances.stop();
		instances = new RunningInstances();
		await instances.start(1, controlledTunnel("home"));
		expect((await anomalies({}, { language: "zh-CN" })).out).toBe(
			"没有发生异常。\n",
		);
		expect((await anomalies()).out).toBe("Nothing odd has happened.\n");
	});

	it("is one JSON object per line without a terminal or with --json, as --anomalies prints them", async () => {
		await instances.start(
			1,
			controlledTunnel("a", { anomalies: ringOf("a", report(), report()) }),
		);
		await instances.start(
			2,
			controlledTunnel("b", { anomalies: ringOf("b", report()) }),
		);
		for (const ask of [
			anomalies({}, { isTTY: false }),
			anomalies({ isJson: true }),
		]) {
			const { out, code } = await ask;
			const lines = out
				.split("\n")
				.filter(Boolean)
				.map((line) => anomalyLineSchema.parse(JSON.parse(line)));
			expect(
				lines.map(({ tunnel, serial }) => `${tunnel}${serial}`).toSorted(),
			).toEqual(["a1", "a2", "b1"]);
			expect(code).toBe(0);
		}
		const one = await anomalies({ names: ["b"] }, { isTTY: false });
		expect(one.out.split("\n").filter(Boolean)).toHaveLength(1);
	});

	it("follows all instances until that is enough", async () => {
		const rings = [ringOf("a", report()), ringOf("b")] as const;
		await instances.start(1, controlledTunnel("a", { anomalies: rings[0] }));
		await instances.start(2, controlledTunnel("b", { anomalies: rings[1] }));
		const out = new Screen(true);
		const enough = new AbortController();
		const following = anomalies(
			{ isFollowing: true },
			{ out, enough: enough.signal },
		);
		await expect.poll(() => out.text, { timeout: 5_000 }).toContain("warn");
		rings[1].add([report({ code: "not-tcp" })]);
		await expect.poll(() => out.text, { timeout: 5_000 }).toContain("not-tcp");
		enough.abort();
		expect(await following).toMatchObject({ code: 0, err: "" });
	});

	it("ends with a reader that has gone", async () => {
		await instances.start(
			1,
			controlledTunnel("a", { anomalies: ringOf("a", report()) }),
		);
		const out = new Screen(false);
		const following = anomalies({ isFollowing: true }, { out });
		await expect.poll(() => out.text, { timeout: 5_000 }).not.toBe("");
		out.emit("error", new Error("EPIPE"));
		expect((await following).code).toBe(0);
	});

	it("says what it cannot find", async () => {
		expect(await anomalies()).toMatchObject({ code: 3, out: "" });
		await instances.start(1, controlledTunnel("a"));
		expect(await anomalies({ names: ["x"] })).toMatchObject({
			code: 1,
			out: "",
			err: "tunscope: no tunnel named x runs here. These do: a.\n",
		});
	});
});
