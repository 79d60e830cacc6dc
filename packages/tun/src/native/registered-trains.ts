// Makes a caller's train arrays known to native code once, and sees to it that their memory is still there.

import type { GatherTrains } from "../gather-trains.js";
import { invariant } from "../invariant.js";
import type { NativeAddon, Registered } from "./addon.js";

interface Registration {
	readonly registered: Registered;
	readonly capacity: number;
	/** Native code holds their addresses; this keeps them alive. */
	readonly arrays: readonly Int32Array[];
	readonly lengths: readonly number[];
}

export class TrainRegistry {
	readonly #addon: NativeAddon;
	readonly #registrations = new WeakMap<GatherTrains, Registration>();
	/** A worker uses one or two batches for ever, so the last one is nearly always the one. */
	#lastTrains: GatherTrains | null = null;
	#last: Registration | null = null;

	constructor(addon: NativeAddon) {
		this.#addon = addon;
	}

	/** @returns what native code takes for these trains. */
	of(trains: GatherTrains): Registered {
		const registration = this.#find(trains);
		const { count } = trains;
		if (
			!Number.isInteger(count) ||
			count < 0 ||
			count > registration.capacity
		) {
			// Not as invariant's condition: the text would be made for every batch.
			invariant(
				false,
				`A batch of ${registration.capacity} trains cannot hold ${count}.`,
			);
		}
		const { arrays, lengths } = registration;
		for (let index = 0; index < arrays.length; index += 1) {
			// A detached or shrunk buffer changes the length; native code would write into foreign memory.
			if (arrays[index]?.length !== lengths[index]) {
				invariant(false, "The buffer of a train array was taken away.");
			}
		}
		return registration.registered;
	}

	#find(trains: GatherTrains): Registration {
		if (trains === this.#lastTrains && this.#last !== null) {
			return this.#last;
		}
		const known = this.#registrations.get(trains) ?? this.#register(trains);
		this.#lastTrains = trains;
		this.#last = known;
		return known;
	}

	#register(trains: GatherTrains): Registration {
		const { regions } = trains;
		const perTrain = [
			trains.owner,
			trains.firstRegion,
			trains.regionCount,
			trains.segmentSize,
			trains.totalLength,
			trains.headerOffset,
			trains.headerLength,
		];
		const perRegion = [regions.offset, regions.length, regions.next];
		const arrays = [...perTrain, ...perRegion];
		invariant(
			arrays.every((array) => array instanceof Int32Array),
			"The arrays of a train batch are Int32Arrays.",
		);
		const capacity = trains.owner.length;
		invariant(
			perTrain.every((array) => array.length === capacity),
			"The arrays of a train batch have one length.",
		);
		invariant(
			perRegion.every((array) => array.length === regions.offset.length),
			"The arrays of a region list have one length.",
		);
		const registration: Registration = {
			registered: this.#addon.registerTrains(...arrays),
			capacity,
			arrays,
			lengths: arrays.map((array) => array.length),
		};
		this.#registrations.set(trains, registration);
		return registration;
	}
}
