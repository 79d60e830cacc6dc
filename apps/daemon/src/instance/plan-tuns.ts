// Names and addresses for the TUNs of a whole configuration file, before any of them starts: in the file's order, none twice.

import type { TunnelRequest } from "@tunscope/shared/lean";
import { SystemError } from "../system/system-error.js";
import {
	chooseTun,
	promiseOf,
	type Tun,
	type TunOccupancy,
} from "./choose-tun.js";

/**
 * By tunnel. One that finds nothing free is left out: its start says so.
 * @param recall what a tunnel had before; null when that is not known.
 */
export function planTuns(
	requests: readonly TunnelRequest[],
	occupancy: TunOccupancy,
	recall: (tunnelName: string) => Tun | null,
): ReadonlyMap<string, Tun> {
	const plan = new Map<string, Tun>();
	for (const request of requests) {
		const { name } = request.config;
		// Those that come later keep what they had, or insist on.
		const others = requests.flatMap((other) =>
			other === request
				? []
				: promisesOf(
						other,
						plan.get(other.config.name) ?? recall(other.config.name),
					),
		);
		const promised = [...occupancy.promised, ...others];
		try {
			plan.set(
				name,
				chooseTun(request, { ...occupancy, promised }, recall(name)),
			);
		} catch (error) {
			if (!(error instanceof SystemError)) throw error;
		}
	}
	return plan;
}

function promisesOf(
	{ config, isFixed }: TunnelRequest,
	known: Tun | null,
): TunOccupancy["promised"] {
	if (known !== null) return [promiseOf(known, config.ipv4Only)];
	const { name, local4, peer4, local6, peer6 } = config.tun;
	return [
		{
			name: isFixed.tunName ? name : "",
			addresses: [
				...(isFixed.ipv4 ? [local4, peer4] : []),
				...(isFixed.ipv6 ? [local6, peer6] : []),
			],
		},
	];
}

/** The occupancy as it will be when these TUNs, which are ours, have gone. */
export function withoutTuns(
	occupancy: TunOccupancy,
	tunNames: ReadonlySet<string>,
): TunOccupancy {
	return {
		links: occupancy.links.filter(({ name }) => !tunNames.has(name)),
		routes: occupancy.routes.filter(({ device }) => !tunNames.has(device)),
		promised: occupancy.promised,
	};
}
