// Tells whether two processes mean the same tunnel, without showing one the other's configuration.

import { createHash } from "node:crypto";
import type { TunnelRequest } from "@tunscope/shared/lean";

const DIGITS = 16;

/** By tunnel; equal exactly where a reload would leave the tunnel alone. */
export function fingerprintsOf(
	requests: readonly TunnelRequest[],
): Readonly<Record<string, string>> {
	return Object.fromEntries(
		requests.map((request) => [
			request.config.name,
			createHash("sha256")
				.update(JSON.stringify(request))
				.digest("hex")
				.slice(0, DIGITS),
		]),
	);
}
