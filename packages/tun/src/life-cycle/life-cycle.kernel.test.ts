// Ends of processes and workers with everything open: no crash, no hang, no descriptor left.

import { readdirSync } from "node:fs";
import { beforeAll, describe, expect, it } from "vitest";
import { ip } from "../native/kernel-lab.js";
import { type ChildEnd, compileChildren, runChild } from "./child-program.js";
import type { ScenarioName } from "./scenarios.js";

const PROGRAM = "life-cycle/life-cycle-main.js";
const CLEAN = { code: 0, signal: null, stderr: "" };

function run(
	scenario: ScenarioName,
	options?: Parameters<typeof runChild>[1],
): Promise<ChildEnd> {
	return runChild([PROGRAM, scenario], options);
}

function tunDevices(): string[] {
	return readdirSync("/proc/sys/net/ipv4/conf").filter((name) =>
		name.startsWith("tun"),
	);
}

describe("life cycle", () => {
	beforeAll(() => {
		ip("link", "set", "lo", "up");
		compileChildren();
	}, 60_000);

	for (const scenario of [
		"closed",
		"exit-open",
		"exit-with-workers",
	] as const) {
		it(`ends cleanly: ${scenario}`, async () => {
			expect(await run(scenario)).toEqual({ ...CLEAN, stdout: "" });
			expect(tunDevices()).toEqual([]);
		});
	}

	it("lets an exception out of the poller's callback end the process", async () => {
		const { code, signal, stderr } = await run("throw-open");
		expect({ code, signal }).toEqual({ code: 1, signal: null });
		expect(stderr).toContain("thrown on purpose");
	});

	for (const scenario of [
		"many-rounds",
		"terminate-workers",
		"exit-workers",
	] as const) {
		it(`leaves no descriptor: ${scenario}`, async () => {
			const { stdout, ...end } = await run(scenario);
			expect(end).toEqual(CLEAN);
			const counted: { before: number; after: number } = JSON.parse(stdout);
			expect(counted.after).toBe(counted.before);
			expect(tunDevices()).toEqual([]);
		}, 60_000);
	}

	it("says when there are no descriptors left, and recovers", async () => {
		const wrapper = ["prlimit", "--nofile=64:64"];
		expect(await run("few-descriptors", { wrapper })).toEqual({
			...CLEAN,
			stdout: "TOO_MANY_DESCRIPTORS",
		});
	});

	it("says when the privilege is missing", async () => {
		expect(await run("without-privilege")).toEqual({
			...CLEAN,
			stdout: "PERMISSION_DENIED",
		});
	});

	it("says what to run when the addon is missing", async () => {
		const env = {
			...process.env,
			"@TUNSCOPE/TUN_PREBUILD": "/nonexistent",
		};
		const { stdout, ...end } = await run("without-addon", { env });
		expect(end).toEqual(CLEAN);
		expect(stdout).toMatch(/^ADDON_UNAVAILABLE .*npm rebuild @tunscope\/tun/);
	});
});
