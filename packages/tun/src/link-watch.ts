// Changes of links, addresses and routes as events, from a route netlink socket.

export type LinkEvent =
	| {
			readonly kind: "link";
			readonly interfaceIndex: number;
			readonly name: string;
			readonly isUp: boolean;
			readonly isRunning: boolean;
			readonly linkMtuBytes: number;
			readonly isDeleted: boolean;
	  }
	| {
			readonly kind: "address";
			readonly interfaceIndex: number;
			readonly family: 4 | 6;
			readonly address: string;
			readonly isDeleted: boolean;
	  }
	| {
			readonly kind: "route";
			readonly family: 4 | 6;
			readonly isDefault: boolean;
			readonly interfaceIndex: number;
			readonly isDeleted: boolean;
	  }
	/** The kernel dropped events (ENOBUFS): look at the present state yourself. */
	| { readonly kind: "overrun" };

export interface LinkWatchOptions {
	readonly onEvent: (event: LinkEvent) => void;
}

export interface LinkWatch {
	/** Reads and reports what is pending, at most 64 messages; call it when the poller names this source. */
	drain(): void;
	/** Idempotent. */
	close(): void;
}
