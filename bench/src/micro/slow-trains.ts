// The slow reference of grouping a batch by owner: lists of objects in a map.

export interface SlowTrain {
	readonly owner: number;
	readonly segmentSize: number;
	readonly parts: readonly {
		readonly offset: number;
		readonly length: number;
	}[];
}

export interface Message {
	readonly owner: number;
	readonly offset: number;
	readonly length: number;
}

const bytesIn = (train: SlowTrain) =>
	train.parts.reduce((sum, { length }) => sum + length, 0);

/** Puts single datagrams of one size into trains of at most `maxBytes`, per owner, in order. */
export function slowTrains(
	messages: readonly Message[],
	maxBytes: number,
): readonly SlowTrain[] {
	const byOwner = new Map<number, SlowTrain[]>();
	for (const { owner, offset, length } of messages) {
		const trains = byOwner.get(owner) ?? [];
		const open = trains.at(-1);
		const fits =
			open !== undefined &&
			open.segmentSize === length &&
			bytesIn(open) + length <= maxBytes;
		const part = { offset, length };
		const next = fits
			? [...trains.slice(0, -1), { ...open, parts: [...open.parts, part] }]
			: [...trains, { owner, segmentSize: length, parts: [part] }];
		byOwner.set(owner, next);
	}
	return [...byOwner.values()].flat();
}
