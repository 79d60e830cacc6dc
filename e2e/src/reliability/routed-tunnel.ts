// A tunnel whose hosts translate nothing and track nothing: the TUNs' own addresses are routed through the lab.

import type { Lab, LabHost } from "../netlab/lab.js";
import type { TunnelKind } from "../netlab/tunnel-options.js";
import { PORTS, placesIn, type TunnelInLab } from "../tunnel/tunnel-in-lab.js";

/** From the lab's own range (RFC 2544), so that nothing private is on the wire. */
const TUN_ADDRESSES = {
	client: { net: "198.18.11.0/24", local: "198.18.11.1", peer: "198.18.11.2" },
	server: { net: "198.18.12.0/24", local: "198.18.12.1", peer: "198.18.12.2" },
} as const;

/** IPv4; conntrack keeps its hands off, so every segment reaches the program, damaged ones too. */
export async function startRoutedTunnel(
	lab: Lab,
	kind: TunnelKind,
): Promise<TunnelInLab> {
	const { router } = lab;
	if (router === null) throw new Error("the lab has no router");
	for (const role of ["client", "server"] as const) {
		await neverTrack(lab[role]);
		const { net } = TUN_ADDRESSES[role];
		await router.ip([`route add ${net} via ${lab[role].address4}`]);
	}
	const server = await kind.startServer({
		host: lab.server,
		port: PORTS.fakeTcp,
		targetAddress: "127.0.0.1",
		targetPort: PORTS.target,
		extraArguments: tunArguments("server"),
	});
	const client = await kind.startClient({
		host: lab.client,
		localAddress: "127.0.0.1",
		localPort: PORTS.client,
		serverAddress: TUN_ADDRESSES.server.peer,
		serverPort: PORTS.fakeTcp,
		extraArguments: tunArguments("client"),
	});
	return {
		client,
		server,
		places: placesIn(lab, 4),
		stop: async () => {
			await client.stop();
			await server.stop();
		},
	};
}

function tunArguments(role: "client" | "server"): string[] {
	const { local, peer } = TUN_ADDRESSES[role];
	return ["--tun-local", local, "--tun-peer", peer];
}

function neverTrack(host: LabHost): Promise<void> {
	return host.namespace.nft(`table inet never_track {
	chain prerouting {
		type filter hook prerouting priority raw; policy accept;
		notrack
	}
	chain output {
		type filter hook output priority raw; policy accept;
		notrack
	}
}
`);
}
