// Our own mistakes end loudly here; never used on anything that came from outside.

/** Throws when `condition` is false: the state is impossible, the tunnel's worker dies and is restarted. */
export function invariant(
	condition: boolean,
	message: string,
): asserts condition {
	if (!condition) throw new Error(`invariant violated: ${message}`);
}
