// The heap gives back what a stable sort would.

import { expect, it } from "vitest";
import { RandomStream } from "./random-stream.js";
import { ReleaseQueue } from "./release-queue.js";

it("releases by time, and in order of arrival among equals", () => {
	const random = new RandomStream(11, "test");
	const queue = new ReleaseQueue<number>();
	const times: number[] = [];
	for (let number = 0; number < 2_000; number += 1) {
		const atUs = Math.floor(random.next() * 100);
		times.push(atUs);
		queue.add(atUs, number);
	}
	const sorted = times
		.map((atUs, number) => ({ atUs, number }))
		.sort((one, other) => one.atUs - other.atUs || one.number - other.number);
	for (const { atUs, number } of sorted) {
		expect(queue.nextUs).toBe(atUs);
		expect(queue.take(atUs - 1)).toBeUndefined();
		expect(queue.take(atUs)).toBe(number);
	}
	expect(queue.length).toBe(0);
	expect(queue.nextUs).toBe(Number.POSITIVE_INFINITY);
	expect(queue.take(Number.POSITIVE_INFINITY)).toBeUndefined();
});

it("keeps order while packets come and go", () => {
	const queue = new ReleaseQueue<number>();
	const taken: number[] = [];
	for (let round = 0; round < 50; round += 1) {
		queue.add(round * 10 + 25, round * 2);
		queue.add(round * 10, round * 2 + 1);
		for (;;) {
			const number = queue.take(round * 10);
			if (number === undefined) break;
			taken.push(number);
		}
	}
	expect(taken.filter((number) => number % 2 === 1)).toHaveLength(50);
	const delayed = taken.filter((number) => number % 2 === 0);
	expect(delayed).toEqual([...delayed].sort((one, other) => one - other));
	expect(delayed.length + queue.length).toBe(50);
});
