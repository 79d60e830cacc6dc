// A tunnel as its operator asked for it: a configuration, and which of the TUN's properties were only defaults.

import type { TunnelConfig } from "./tunnel-config.js";

export interface TunnelRequest {
	/** Complete; what is not fixed may be exchanged for the next free one before the tunnel starts. */
	readonly config: TunnelConfig;
	readonly isFixed: {
		/** False: with a name in `config` another name of that kind, with "" what the kernel gives. */
		readonly tunName: boolean;
		/** False: another pair of addresses of that family, where this one is in use. */
		readonly ipv4: boolean;
		readonly ipv6: boolean;
	};
}
