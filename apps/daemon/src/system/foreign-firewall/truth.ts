// Whether a condition of a rule holds for a packet, as far as can be told from the rule's text.

/**
 * "varies": it depends on something that differs between flows, e.g. the client's address.
 * "unknown": it depends on something that this program does not understand.
 */
export type Truth = "yes" | "no" | "varies" | "unknown";

export function truthOf(value: boolean): Truth {
	return value ? "yes" : "no";
}

export function not(truth: Truth): Truth {
	if (truth === "yes") return "no";
	return truth === "no" ? "yes" : truth;
}

/** All conditions of a rule together: one that fails settles it, whatever the others are. */
export function allOf(truths: Iterable<Truth>): Truth {
	let result: Truth = "yes";
	for (const truth of truths) {
		if (truth === "no") return "no";
		if (truth === "unknown" || result === "yes") result = truth;
	}
	return result;
}

/** Elements of a set: one that holds settles it. */
export function anyOf(truths: Iterable<Truth>): Truth {
	let result: Truth = "no";
	for (const truth of truths) {
		if (truth === "yes") return "yes";
		if (truth === "unknown" || (truth === "varies" && result === "no"))
			result = truth;
	}
	return result;
}
