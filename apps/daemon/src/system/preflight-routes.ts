// The way to the servers, before anything is changed: there is one, and it does not lead back into the tunnel.

import type { TunnelConfig } from "@tunscope/shared/lean";
import type { ResolvedAddress } from "../tunnel/worker-protocol.js";
import { listLinks } from "./links.js";
import { routeTo } from "./peer-route.js";
import { resolveRemote } from "./resolve-remote.js";
import { findRouteLoop } from "./route-loop.js";
import type { RunCommand } from "./run-command.js";
import { SystemError } from "./system-error.js";

/**
 * @returns the client's servers, those with a route first (an AAAA record on a host without IPv6 comes last); a
 * server's targets as they are
 * @throws SystemError REMOTE_NOT_ROUTED when none has a route, ROUTE_LOOP when one leads into the tunnel itself
 */
export async function checkRemotes(
	run: RunCommand,
	config: Pick<TunnelConfig, "role" | "listen" | "remote">,
	remotes: readonly ResolvedAddress[],
): Promise<readonly ResolvedAddress[]> {
	if (config.role !== "client") return remotes;
	const links = await listLinks(run);
	const routed: ResolvedAddress[] = [];
	const unrouted: ResolvedAddress[] = [];
	for (const remote of remotes) {
		const { address } = remote;
		const route = await routeTo(run, address);
		(route === null ? unrouted : routed).push(remote);
		if (route === null) continue;
		const { listen } = config;
		const loop = await findRouteLoop(run, { address, route, links, listen });
		if (loop !== null) throw new SystemError({ code: "ROUTE_LOOP", ...loop });
	}
	if (routed.length > 0) return [...routed, ...unrouted];
	const list = remotes.map(({ address }) => address).join(", ");
	throw new SystemError({
		code: "REMOTE_NOT_ROUTED",
		message: `This host has no route to the server ${config.remote.host}${list === config.remote.host ? "" : ` (${list})`}.`,
		whatToDo: `Bring the network up first (\`ip route get ${remotes[0]?.address ?? ""}\` shows the kernel's answer); a systemd unit waits with After=network-online.target and Wants=network-online.target.`,
	});
}

/** @throws SystemError what `resolveRemote` and `checkRemotes` throw */
export async function findRemotes(
	run: RunCommand,
	config: Pick<TunnelConfig, "role" | "listen" | "remote" | "ipv4Only">,
): Promise<readonly ResolvedAddress[]> {
	return checkRemotes(run, config, await resolveRemote(config));
}

/**
 * The same for a tunnel that runs: a route that is missing or leads astray is for the watch on the host to say.
 * @throws SystemError REMOTE_NOT_RESOLVED
 */
export async function findRemotesAgain(
	run: RunCommand,
	config: Pick<TunnelConfig, "role" | "remote" | "ipv4Only">,
): Promise<readonly ResolvedAddress[]> {
	const remotes = await resolveRemote(config);
	if (config.role !== "client") return remotes;
	const routes = await Promise.all(
		remotes.map(({ address }) => routeTo(run, address)),
	);
	return [
		...remotes.filter((_, index) => routes[index] !== null),
		...remotes.filter((_, index) => routes[index] === null),
	];
}
