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

/** What the main thread acts upon itself. */
type NotAnEvent =
	| "flows"
	| "failed"
	| "stopped"
	| "host-changed"
	| "anomalies"
	| "peer-silent";

export type TunnelEvent =
	| Exclude<FromWorker, { readonly kind: NotAnEvent }>
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
