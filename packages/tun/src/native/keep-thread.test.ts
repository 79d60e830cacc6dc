// Tying the thread to a core, as the kernel then reports it.

import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { Poller } from "../packet-io.js";
import { createNativePacketIo } from "./native-packet-io.js";

function openPollerOrExplain(): Poller | null {
	try {
		return createNativePacketIo().createPoller();
	} catch (error) {
		console.warn(`Cores of packages/tun skipped: ${error}`);
		return null;
	}
}

/** "0-1", "3", as /proc/<pid>/task/<tid>/status lists them. */
function allowedCores(): string {
	const status = readFileSync("/proc/thread-self/status", "latin1");
	return /^Cpus_allowed_list:\s*(\S+)$/m.exec(status)?.[1] ?? "";
}

const poller = openPollerOrExplain();

describe.skipIf(poller === null)("keepThreadOn", () => {
	it("ties the thread to an allowed core, and null gives back all it had", () => {
		const before = allowedCores();
		const last = Number(/(\d+)$/.exec(before)?.[1]);
		expect(poller?.keepThreadOn(last)).toBe(true);
		expect(allowedCores()).toBe(String(last));
		expect(poller?.keepThreadOn(null)).toBe(true);
		expect(allowedCores()).toBe(before);
	});

	it.each([1_023, 1_024, 2_147_483_647])(
		"refuses core %i, which is not there, and changes nothing",
		(core) => {
			const before = allowedCores();
			expect(poller?.keepThreadOn(core)).toBe(false);
			expect(allowedCores()).toBe(before);
		},
	);
});
