// What this host has already that a new TUN must not have: interfaces, addresses, routes.

import { listLinks } from "../system/links.js";
import { listNetworkRoutes } from "../system/preflight-addresses.js";
import type { RunCommand } from "../system/run-command.js";
import type { TunOccupancy } from "./choose-tun.js";

/** @param promised what other tunnels have claimed, beyond what can be seen. */
export async function lookAround(
	run: RunCommand,
	promised: TunOccupancy["promised"],
): Promise<TunOccupancy> {
	return {
		links: await listLinks(run),
		routes: await listNetworkRoutes(run),
		promised,
	};
}
