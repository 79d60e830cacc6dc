// Two tunnels to evaluate rulesets for: a client's and a server's, each behind eth0.

import type { TunnelPlace } from "../tunnel-packet.js";

const ETH0 = { ipv4: ["eth0"], ipv6: ["eth0"] };

export const CLIENT_PLACE: TunnelPlace = {
	tunName: "tunc0",
	peer4: "192.168.200.2",
	peer6: "fcc8::2",
	interfaces: ETH0,
	endpoint: {
		role: "client",
		servers: [
			{ family: 4, address: "198.51.100.7", port: 4_567 },
			{ family: 6, address: "2001:db8::7", port: 4_567 },
		],
	},
};

export const SERVER_PLACE: TunnelPlace = {
	tunName: "tuns0",
	peer4: "192.168.201.2",
	peer6: "fcc9::2",
	interfaces: ETH0,
	endpoint: { role: "server", port: 4_567 },
};
