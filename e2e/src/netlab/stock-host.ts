// The host set-up that Phantun's README asks its user to do: forwarding, masquerade for the client, DNAT for the server.

import type { LabHost } from "./lab.js";

const TABLE = "phantun_nat";
const SERVER_TUN_PEERS = { 4: "192.168.201.2", 6: "fcc9::2" } as const;

export interface StockHostSetUp {
	/** Idempotent: removes the rules and puts forwarding back. */
	undo(): Promise<void>;
}

async function installRules(
	host: LabHost,
	chain: string,
): Promise<StockHostSetUp> {
	const { namespace } = host;
	// Whole-host forwarding is what its README says; our own daemon does it per interface.
	await namespace.sysctl({
		"net.ipv4.ip_forward": 1,
		"net.ipv6.conf.all.forwarding": 1,
	});
	await namespace.nft(`table inet ${TABLE} {\n${chain}\n}\n`);
	let isUndone = false;
	return {
		undo: async () => {
			if (isUndone) return;
			isUndone = true;
			await namespace.run(["nft", "delete", "table", "inet", TABLE]);
			await namespace.sysctl({
				"net.ipv4.ip_forward": 0,
				"net.ipv6.conf.all.forwarding": 0,
			});
		},
	};
}

export function setUpStockClientHost(
	host: LabHost,
	tunName: string,
): Promise<StockHostSetUp> {
	return installRules(
		host,
		`	chain postrouting {
		type nat hook postrouting priority srcnat;
		iifname "${tunName}" oifname "${host.interfaceName}" masquerade
	}`,
	);
}

export function setUpStockServerHost(
	host: LabHost,
	port: number,
): Promise<StockHostSetUp> {
	return installRules(
		host,
		`	chain prerouting {
		type nat hook prerouting priority dstnat;
		iifname "${host.interfaceName}" meta nfproto ipv4 tcp dport ${port} dnat ip to ${SERVER_TUN_PEERS[4]}
		iifname "${host.interfaceName}" meta nfproto ipv6 tcp dport ${port} dnat ip6 to ${SERVER_TUN_PEERS[6]}
	}`,
	);
}
