// What the way to the peers was at the last look, and what it means for their flows that it is another one now.

import type { Link } from "./links.js";
import type { NetworkPath } from "./network-path.js";
import type { PeerRoute } from "./peer-route.js";

export interface PathChange {
	/** Sentences for the operator. */
	readonly notices: readonly string[];
	/** Peers whose flows must begin anew: conntrack translates the old ones to an address that is gone. */
	readonly renewed: readonly string[];
}

export class PathMemory {
	/** Null: there was no route. */
	readonly #ways = new Map<string, PeerRoute | null>();
	#ownAddresses: ReadonlySet<string> | null = null;

	/** @returns what changed since the call before; the first call only remembers. */
	look(path: NetworkPath): PathChange {
		const notices: string[] = [];
		const renewed: string[] = [];
		for (const [peer, way] of path.routes) {
			const before = this.#ways.get(peer);
			const notice =
				before === undefined || way === null
					? null
					: noticeOf(peer, { before, way, links: path.links });
			// The source of the flows that are open counts, not what new ones would get.
			const isSame = notice === null && before !== null && way !== null;
			this.#ways.set(peer, isSame ? (before ?? way) : way);
			if (notice === null) continue;
			notices.push(notice);
			renewed.push(peer);
		}
		notices.push(...this.#lostAddresses(path));
		return { notices, renewed };
	}

	/** Server: clients know this host by its addresses. */
	#lostAddresses({ ownAddresses }: NetworkPath): readonly string[] {
		const before = this.#ownAddresses;
		this.#ownAddresses = new Set(ownAddresses);
		if (before === null) return [];
		const now = this.#ownAddresses;
		const lost = [...before].filter((address) => !now.has(address));
		const found = [...now].filter((address) => !before.has(address));
		if (lost.length === 0 && found.length === 0) return [];
		const news = [
			...(lost.length === 0 ? [] : [`${lost.join(", ")} is gone`]),
			...(found.length === 0 ? [] : [`${found.join(", ")} is new`]),
		].join(", ");
		const meaning =
			lost.length === 0
				? "clients may use it too"
				: "clients that used it must find this host by another (a name for --remote is looked up again by itself)";
		return [`This host's addresses changed: ${news}; ${meaning}.`];
	}
}

interface Ways {
	readonly before: PeerRoute | null;
	readonly way: PeerRoute;
	readonly links: readonly Link[];
}

/** Null when flows that are open go on. */
function noticeOf(peer: string, { before, way, links }: Ways): string | null {
	const then = "its flows begin anew";
	if (before === null)
		return `There is a route to ${peer} again, ${describe(way)}: ${then}.`;
	const hasMoved =
		before.device !== way.device || before.gateway !== way.gateway;
	if (hasMoved)
		return `The way to ${peer} changed: ${describe(way)}, before ${describe(before)}; ${then}.`;
	const { source } = before;
	if (source === null || source === way.source) return null;
	// A second address, or the next temporary one: translations to the first hold as long as it is there.
	const isStillHere = links.some(({ addresses }) =>
		addresses.some(({ address }) => address === source),
	);
	return isStillHere
		? null
		: `The address ${source} of ${way.device} is gone${way.source === null ? "" : `, it is ${way.source} now`}: flows to ${peer} begin anew.`;
}

function describe({ device, gateway, source }: PeerRoute): string {
	const via = gateway === null ? "" : ` via ${gateway}`;
	return `by ${device}${via}${source === null ? "" : ` from ${source}`}`;
}
