// A failure as an operator is told about it: a code to look up, what happened, what to do.

/** A failure of the world that ended the tunnel, or one attempt to run it. */
export interface TunnelFailure {
	/** A TunErrorCode, a SystemErrorCode, or INTERNAL. */
	readonly code: string;
	/** One sentence. */
	readonly message: string;
	/** One sentence. */
	readonly whatToDo: string;
}

/** Errors with a code and advice are the world's; anything else is our bug, and says so. */
export function toFailure(error: unknown): TunnelFailure {
	if (error instanceof Error && "code" in error && "whatToDo" in error) {
		return {
			code: String(error.code),
			message: error.message,
			whatToDo: String(error.whatToDo),
		};
	}
	return {
		code: "INTERNAL",
		message:
			error instanceof Error ? (error.stack ?? error.message) : String(error),
		whatToDo: "This is a bug in tunscope: please report it with this text.",
	};
}
