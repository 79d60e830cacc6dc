// Turns the remote's host name into addresses, in the order in which they should be tried.

import { lookup } from "node:dns/promises";
import { isIP } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import type { TunnelConfig } from "@tunscope/shared/lean";
import type { ResolvedAddress } from "../tunnel/worker-protocol.js";
import { errnoNameOf, SystemError } from "./system-error.js";

const RESOLVE_TIME_LIMIT_MS = 10_000;
/** A name with more addresses than this is a content network, not a tunnel's end. */
const MAX_ADDRESSES = 16;

/** @throws SystemError REMOTE_NOT_RESOLVED */
export async function resolveRemote(
	config: Pick<TunnelConfig, "remote" | "ipv4Only">,
): Promise<readonly ResolvedAddress[]> {
	const { host, port } = config.remote;
	const found = await findAddresses(host);
	const usable = found
		.filter(({ family }) => family === 4 || !config.ipv4Only)
		.slice(0, MAX_ADDRESSES)
		.map(({ family, address }) => ({ family, address, port }));
	if (usable.length > 0) return usable;
	throw new SystemError({
		code: "REMOTE_NOT_RESOLVED",
		message: `${host} has no IPv4 address, and --ipv4-only is set.`,
		whatToDo:
			"Leave --ipv4-only away, or name a host that has an IPv4 address.",
	});
}

async function findAddresses(
	host: string,
): Promise<readonly Pick<ResolvedAddress, "family" | "address">[]> {
	const literal = isIP(host);
	if (literal !== 0) return [{ family: literal === 4 ? 4 : 6, address: host }];
	const timer = new AbortController();
	try {
		const rows = await Promise.race([
			lookup(host, { all: true, verbatim: true }),
			delay(RESOLVE_TIME_LIMIT_MS, null, { signal: timer.signal }),
		]);
		if (rows === null) throw notResolved(host, "no answer within 10 s");
		return rows.map(({ family, address }) => ({
			family: family === 6 ? 6 : 4,
			address,
		}));
	} catch (error) {
		if (error instanceof SystemError) throw error;
		throw notResolved(host, errnoNameOf(error) ?? String(error));
	} finally {
		timer.abort();
	}
}

function notResolved(host: string, reason: string): SystemError {
	return new SystemError({
		code: "REMOTE_NOT_RESOLVED",
		message: `The name ${host} of --remote does not resolve (${reason}).`,
		whatToDo:
			"Check the spelling and this host's DNS (getent hosts NAME), or give an address.",
	});
}
