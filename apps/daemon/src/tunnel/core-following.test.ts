// The policy by its cases: follow sparse traffic, let go when idle, busy, or when the core is taken.

import { describe, expect, it } from "vitest";
import { CoreFollowing, type ThreadSample } from "./core-following.js";

const TICK_NS = 100_000_000;
const SPARSE: ThreadSample = {
	elapsedNs: TICK_NS,
	ranNs: 0.2 * TICK_NS,
	waitedNs: 1_000_000,
	wakeups: 500,
	busiestCore: 1,
};

function following(): CoreFollowing {
	const policy = new CoreFollowing();
	expect(policy.decide(SPARSE, 0)).toBe(1);
	return policy;
}

describe("CoreFollowing", () => {
	it("follows sparse traffic to the core that handles the packets, and stays", () => {
		const policy = following();
		expect(policy.needsBusiestCore(100)).toBe(false);
		expect(policy.decide({ ...SPARSE, busiestCore: 0 }, 100)).toBe("stay");
	});

	it.each([
		["idle", { wakeups: 5 }],
		["busy", { ranNs: 0.7 * TICK_NS }],
		["without a core to follow", { busiestCore: null }],
	])("does not follow a thread that is %s", (_name, change) => {
		expect(new CoreFollowing().decide({ ...SPARSE, ...change }, 0)).toBe(
			"stay",
		);
	});

	it("lets go when idle, and follows again at once", () => {
		const policy = following();
		expect(policy.decide({ ...SPARSE, wakeups: 0 }, 100)).toBe("anywhere");
		expect(policy.needsBusiestCore(200)).toBe(true);
		expect(policy.decide(SPARSE, 200)).toBe(1);
	});

	it.each([
		["the thread is busy", { ranNs: 0.7 * TICK_NS }],
		["others keep the core", { waitedNs: 500 * 60_000 }],
	])("lets go when %s, for longer each time", (_name, change) => {
		const policy = following();
		expect(policy.decide({ ...SPARSE, ...change }, 100)).toBe("anywhere");
		expect(policy.needsBusiestCore(1_000)).toBe(false);
		expect(policy.decide(SPARSE, 1_000)).toBe("stay");
		expect(policy.decide(SPARSE, 1_200)).toBe(1);
		expect(policy.decide({ ...SPARSE, ...change }, 1_300)).toBe("anywhere");
		expect(policy.decide(SPARSE, 3_200)).toBe("stay");
		expect(policy.decide(SPARSE, 3_400)).toBe(1);
	});

	it("forgets its pauses when the traffic ends: the next is tried at once", () => {
		const policy = following();
		policy.decide({ ...SPARSE, ranNs: 0.7 * TICK_NS }, 100);
		policy.decide({ ...SPARSE, wakeups: 0 }, 200);
		expect(policy.decide(SPARSE, 300)).toBe(1);
	});

	it("pauses for a second only after a core that was good for long", () => {
		const policy = following();
		const busy = { ...SPARSE, ranNs: 0.7 * TICK_NS };
		for (let round = 0, nowMs = 0; round < 4; round++, nowMs += 21_200) {
			expect(policy.decide(busy, nowMs + 20_000)).toBe("anywhere");
			expect(policy.decide(SPARSE, nowMs + 20_900)).toBe("stay");
			expect(policy.decide(SPARSE, nowMs + 21_200)).toBe(1);
		}
	});

	it("asks a kernel that refused only after a minute", () => {
		const policy = following();
		policy.refused(0);
		expect(policy.decide({ ...SPARSE, wakeups: 0 }, 1_000)).toBe("stay");
		expect(policy.decide(SPARSE, 59_000)).toBe("stay");
		expect(policy.decide(SPARSE, 61_000)).toBe(1);
	});
});
