// Which size the n-th datagram of a stream has; both ends compute it, so that a datagram without a header can be told.

export type SizePlan =
	/** Every datagram has this many bytes. */
	| { readonly kind: "fixed"; readonly bytes: number }
	/** `repeat` datagrams of `from` bytes, then `repeat` of `from` + 1, … up to `to`, and again from the start. */
	| {
			readonly kind: "sweep";
			readonly from: number;
			readonly to: number;
			readonly repeat: number;
	  }
	/** The listed sizes in turn. */
	| { readonly kind: "cycle"; readonly bytes: readonly number[] };

/** @param sequence 0 or more. @returns bytes, 1 or more. */
export function sizeOfDatagram(plan: SizePlan, sequence: number): number {
	switch (plan.kind) {
		case "fixed":
			return plan.bytes;
		case "sweep": {
			const sizes = plan.to - plan.from + 1;
			return plan.from + (Math.floor(sequence / plan.repeat) % sizes);
		}
		case "cycle":
			return plan.bytes[sequence % plan.bytes.length] ?? 1;
	}
}

/** Datagrams in one pass over all sizes of the plan. */
export function datagramsPerRound(plan: SizePlan): number {
	switch (plan.kind) {
		case "fixed":
			return 1;
		case "sweep":
			return (plan.to - plan.from + 1) * plan.repeat;
		case "cycle":
			return plan.bytes.length;
	}
}
