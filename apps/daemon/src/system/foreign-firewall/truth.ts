// Whether a condition of a rule holds for a packet, as far as can be told from the rule's text.

/**
 * "few" and "most": it depends on something that differs between flows, e.g. the client's address.
 * "unknown": it depends on something that this program does not understand.
 */
export type Truth = "yes" | "most" | "few" | "unknown" | "no";

export function truthOf(value: boolean): Truth {
	return value ? "yes" : "no";
}

const OPPOSITE: Readonly<Record<Truth, Truth>> = {
	yes: "no",
	most: "few",
	few: "most",
	unknown: "unknown",
	no: "yes",
};

export function not(truth: Truth): Truth {
	return OPPOSITE[truth];
}

/** All conditions of a rule together: one that fails settles it, whatever the others are. */
export function allOf(truths: readonly Truth[]): Truth {
	const order = ["no", "unknown", "few", "most"] as const;
	return order.find((truth) => truths.includes(truth)) ?? "yes";
}

/** Elements of a set: one that holds settles it. */
export function anyOf(truths: readonly Truth[]): Truth {
	const order = ["yes", "most", "unknown", "few"] as const;
	return order.find((truth) => truths.includes(truth)) ?? "no";
}
