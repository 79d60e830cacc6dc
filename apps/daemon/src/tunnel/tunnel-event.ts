// What a tunnel tells the rest of the daemon: its worker's events, its own state, and how it ended.

import type { TunnelFailure } from "./failure.js";
import type { FromWorker } from "./worker-protocol.js";

export type TunnelState =
	| "starting"
	| "running"
	| "tun-lost"
	| "restarting"
	| "stopping"
	| "stopped"
	| "failed";

type AnswerOrEnd = "flows" | "failed" | "stopped";

export type TunnelEvent =
	| Exclude<FromWorker, { readonly kind: AnswerOrEnd }>
	| { readonly kind: "state"; readonly state: TunnelState }
	/** `error` is our bug (the worker threw), `failure` the world's; both null when the thread just ended. */
	| {
			readonly kind: "worker-ended";
			readonly error: Error | null;
			readonly failure: TunnelFailure | null;
			readonly restartInMs: number;
	  };

export type TunnelEnd =
	| { readonly kind: "stopped" }
	| { readonly kind: "failed"; readonly failure: TunnelFailure };
