import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { ClockWatch } from "./clock-watch.js";

function watchWithClocks() {
	const now = { monotonicMs: 1_000, bootMs: 50_000 };
	const watch = new ClockWatch({
		monotonicMs: () => now.monotonicMs,
		bootMs: () => now.bootMs,
	});
	return {
		/** Lets time pass, and looks. */
		after(ranMs: number, suspendedMs = 0) {
			now.monotonicMs += ranMs;
			now.bootMs += ranMs + suspendedMs;
			return watch.tick();
		},
	};
}

describe("the clock watch", () => {
	it("says nothing while time passes as it should, nor when ticks come late", () => {
		const clocks = watchWithClocks();
		expect(clocks.after(500)).toBeNull();
		expect(clocks.after(0)).toBeNull();
		expect(clocks.after(4_999)).toBeNull();
		expect(clocks.after(500, 999)).toBeNull();
	});

	it("tells a suspension, once, from a standstill", () => {
		const clocks = watchWithClocks();
		expect(clocks.after(500, 3_600_000)).toEqual({
			kind: "suspended",
			durationMs: 3_600_000,
		});
		expect(clocks.after(500)).toBeNull();
		expect(clocks.after(20_000)).toEqual({
			kind: "stood-still",
			durationMs: 20_000,
		});
		expect(clocks.after(500)).toBeNull();
	});
});

it("the wall clock is read where a person sees it, and nowhere else", () => {
	const sources = fileURLToPath(new URL("../", import.meta.url));
	const readers = readdirSync(sources, { recursive: true })
		.map(String)
		.filter((path) => path.endsWith(".ts") && !/test\.ts$|testing\//.test(path))
		.filter((path) =>
			readFileSync(`${sources}${path}`, "utf8").includes("Date.now("),
		);
	// Stamps of anomalies, of captured packets and of states; nothing waits by it.
	expect(readers.sort()).toEqual([
		"anomaly/anomaly-moment.ts",
		"capture/open-capture.ts",
		"cli/run-instance.ts",
		"tunnel/tunnel-supervisor.ts",
	]);
});
