// Our own bugs: an impossible state or a broken contract between our own parts throws.

export class InvariantError extends Error {
	constructor(message: string) {
		super(message);
		this.name = "InvariantError";
	}
}

/** Throws {@link InvariantError} with `message` when `condition` does not hold. */
export function invariant(
	condition: boolean,
	message: string,
): asserts condition {
	if (!condition) {
		throw new InvariantError(message);
	}
}
