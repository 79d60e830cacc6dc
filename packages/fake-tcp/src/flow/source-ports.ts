// The client's source ports: a random start, then upward round the range, skipping those in use (as stock does since 0.7).

/** Linux's default ephemeral range. */
export const FIRST_SOURCE_PORT = 32_768;
export const LAST_SOURCE_PORT = 60_999;
/** As many flows as one server can be told apart by. */
export const SOURCE_PORTS = LAST_SOURCE_PORT - FIRST_SOURCE_PORT + 1;

export class SourcePorts {
	#cursor: number;

	/** @param seed any integer from a random source. */
	constructor(seed: number) {
		this.#cursor = (seed >>> 0) % SOURCE_PORTS;
	}

	/** @returns the next port for which `isUsed` says false, or 0 when all are used. */
	next(isUsed: (port: number) => boolean): number {
		for (let tried = 0; tried < SOURCE_PORTS; tried++) {
			const port = FIRST_SOURCE_PORT + this.#cursor;
			this.#cursor = (this.#cursor + 1) % SOURCE_PORTS;
			if (!isUsed(port)) return port;
		}
		return 0;
	}
}
