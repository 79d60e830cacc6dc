import { describe, expect, it } from "vitest";
import { withHostStateLock } from "./host-state-lock.js";

describe("host-state lock", () => {
	it("lets one at a time in", async () => {
		const trace: string[] = [];
		const work = (name: string) =>
			withHostStateLock("test-one-at-a-time", async () => {
				trace.push(`${name} in`);
				await new Promise((resolve) => setImmediate(resolve));
				trace.push(`${name} out`);
			});
		await Promise.all([work("a"), work("b"), work("c")]);
		expect(trace).toHaveLength(6);
		for (let place = 0; place < trace.length; place += 2) {
			expect(trace[place + 1]).toBe(trace[place]?.replace(" in", " out"));
		}
	});

	it("is free again when the work throws", async () => {
		const failing = withHostStateLock("test-throws", () =>
			Promise.reject(new Error("planted")),
		);
		await expect(failing).rejects.toThrow("planted");
		expect(
			await withHostStateLock("test-throws", () => Promise.resolve("in")),
		).toBe("in");
	});

	it("gives up after its time limit, and different names do not wait for each other", async () => {
		let release = () => {};
		const held = withHostStateLock(
			"test-held",
			() =>
				new Promise<void>((resolve) => {
					release = resolve;
				}),
		);
		await expect(
			withHostStateLock("test-held", () => Promise.resolve(), 60),
		).rejects.toMatchObject({
			code: "STATE_LOCK_TIMEOUT",
		});
		expect(
			await withHostStateLock("test-other", () => Promise.resolve("in")),
		).toBe("in");
		release();
		await held;
	});
});
