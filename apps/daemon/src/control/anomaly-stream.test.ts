import type { AnomalyEvent } from "@tunscope/shared";
import { describe, expect, it } from "vitest";
import { anomalyStream } from "./anomaly-stream.js";
import { anomalyEvent } from "./testing/anomaly-event.js";

function ringOf(...serials: readonly number[]) {
	const events: AnomalyEvent[] = serials.map((serial) =>
		anomalyEvent({ serial }),
	);
	return {
		events,
		get total() {
			return events.at(-1)?.serial ?? 0;
		},
	};
}

function serialsOf(piece: IteratorResult<string, void>): number[] {
	if (piece.done === true) return [];
	return piece.value
		.split("\n")
		.filter(Boolean)
		.map((line) => JSON.parse(line).serial);
}

describe("a stream of anomalies", () => {
	it("tells what each ring keeps, in pieces, and ends", async () => {
		const many = ringOf(...Array.from({ length: 100 }, (_, at) => at + 5));
		const pieces: number[][] = [];
		for await (const piece of anomalyStream({
			listRings: () => [many, ringOf(), ringOf(1)],
			isFollowing: false,
			signal: new AbortController().signal,
		}))
			pieces.push(serialsOf({ value: piece }));
		expect(pieces.map(({ length }) => length)).toEqual([64, 36, 1]);
		expect(pieces[0]?.[0]).toBe(5);
	});

	it("goes on with later ones, also of a tunnel that a reload has brought, until its viewer goes", async () => {
		const viewer = new AbortController();
		const first = ringOf(1);
		const rings = [first];
		const stream = anomalyStream({
			listRings: () => rings,
			isFollowing: true,
			signal: viewer.signal,
		});
		expect(serialsOf(await stream.next())).toEqual([1]);
		const next = stream.next();
		first.events.push(anomalyEvent({ serial: 2 }));
		expect(serialsOf(await next)).toEqual([2]);
		const afterReload = stream.next();
		rings[0] = ringOf(1, 2, 3);
		expect(serialsOf(await afterReload)).toEqual([1, 2, 3]);
		const end = stream.next();
		viewer.abort();
		expect((await end).done).toBe(true);
	});
});
