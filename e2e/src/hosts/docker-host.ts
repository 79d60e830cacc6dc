// A host as Docker 28 leaves it: its bridge, forwarding on, iptables-nft chains, FORWARD with the policy DROP.

import type { Namespace } from "../netlab/namespace.js";
import { CLIENT_TUN, SERVER_TUN } from "../netlab/tunnel-options.js";
import type { HostKind } from "./host-kind.js";

const BRIDGE = "docker0";

/** The chains of Docker 28 with one bridge network and no container, for `iptables-restore`. */
const FILTER_CHAINS = `*filter
:INPUT ACCEPT [0:0]
:FORWARD DROP [0:0]
:OUTPUT ACCEPT [0:0]
:DOCKER - [0:0]
:DOCKER-BRIDGE - [0:0]
:DOCKER-CT - [0:0]
:DOCKER-FORWARD - [0:0]
:DOCKER-ISOLATION-STAGE-1 - [0:0]
:DOCKER-ISOLATION-STAGE-2 - [0:0]
:DOCKER-USER - [0:0]
-A FORWARD -j DOCKER-USER
-A FORWARD -j DOCKER-FORWARD
-A DOCKER ! -i ${BRIDGE} -o ${BRIDGE} -j DROP
-A DOCKER-BRIDGE -o ${BRIDGE} -j DOCKER
-A DOCKER-CT -o ${BRIDGE} -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A DOCKER-FORWARD -j DOCKER-CT
-A DOCKER-FORWARD -j DOCKER-ISOLATION-STAGE-1
-A DOCKER-FORWARD -j DOCKER-BRIDGE
-A DOCKER-FORWARD -i ${BRIDGE} -j ACCEPT
-A DOCKER-ISOLATION-STAGE-1 -i ${BRIDGE} ! -o ${BRIDGE} -j DOCKER-ISOLATION-STAGE-2
-A DOCKER-ISOLATION-STAGE-2 -o ${BRIDGE} -j DROP
COMMIT
`;

/** @param own the addresses that stay untranslated, @param bridge those of the bridge. */
function natChains(own: string, bridge: string): string {
	return `*nat
:PREROUTING ACCEPT [0:0]
:INPUT ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
:POSTROUTING ACCEPT [0:0]
:DOCKER - [0:0]
-A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER
-A OUTPUT ! -d ${own} -m addrtype --dst-type LOCAL -j DOCKER
-A POSTROUTING -s ${bridge} ! -o ${BRIDGE} -j MASQUERADE
-A DOCKER -i ${BRIDGE} -j RETURN
COMMIT
`;
}

async function makeDockerHost(namespace: Namespace): Promise<void> {
	await namespace.ip([
		`link add ${BRIDGE} type bridge`,
		`addr add 172.17.0.1/16 dev ${BRIDGE}`,
		`link set ${BRIDGE} up`,
	]);
	await namespace.sysctl({
		"net.ipv4.ip_forward": 1,
		"net.ipv6.conf.default.forwarding": 1,
		"net.ipv6.conf.all.forwarding": 1,
	});
	await namespace.run(
		["iptables-nft-restore"],
		FILTER_CHAINS + natChains("127.0.0.0/8", "172.17.0.0/16"),
	);
	await namespace.run(
		["ip6tables-nft-restore"],
		FILTER_CHAINS + natChains("::1/128", "fd00:d0c::/64"),
	);
}

export const dockerLike: HostKind = {
	name: "Docker-like",
	about:
		"Docker 28's bridge and chains by iptables-nft: FORWARD has the policy DROP, DOCKER-USER is empty, forwarding is on",
	fix: {
		client: {
			cause: /Docker .*chain FORWARD of table ip6? filter .* policy drop/,
			commands: {
				4: [
					`iptables -I DOCKER-USER -i ${CLIENT_TUN} -j ACCEPT`,
					`iptables -I DOCKER-USER -o ${CLIENT_TUN} -m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT`,
				],
				6: [
					`ip6tables -I DOCKER-USER -i ${CLIENT_TUN} -j ACCEPT`,
					`ip6tables -I DOCKER-USER -o ${CLIENT_TUN} -m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT`,
				],
			},
		},
		server: {
			cause: /Docker .*chain FORWARD of table ip6? filter .* policy drop/,
			commands: {
				4: [
					`iptables -I DOCKER-USER -o ${SERVER_TUN} -j ACCEPT`,
					`iptables -I DOCKER-USER -i ${SERVER_TUN} -m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT`,
					`ip6tables -I DOCKER-USER -o ${SERVER_TUN} -j ACCEPT`,
					`ip6tables -I DOCKER-USER -i ${SERVER_TUN} -m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT`,
				],
				6: [],
			},
		},
	},
	make: ({ host }) => makeDockerHost(host.namespace),
};
