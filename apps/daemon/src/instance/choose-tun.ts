// Gives a tunnel a TUN name and addresses that nothing on this host has, and the same ones as before where that is possible.

import { BlockList, isIP } from "node:net";
import {
	TUNNEL_LIMITS,
	type TunnelConfig,
	type TunnelRequest,
} from "@tunscope/shared/lean";
import type { PromisedTun } from "../system/host-state.js";
import type { Link } from "../system/links.js";
import type { KnownRoute } from "../system/preflight-addresses.js";
import { SystemError } from "../system/system-error.js";
import { type AddressPair, ipv4Pairs, ipv6Pairs } from "./tun-pairs.js";

export type Tun = TunnelConfig["tun"];

/** What is in use on this host, or promised to other tunnels that have not got it yet. */
export interface TunOccupancy {
	readonly links: readonly Link[];
	readonly routes: readonly KnownRoute[];
	readonly promised: readonly PromisedTun[];
}

/** More tunnels than this whose names begin alike are a mistake. */
const MAX_SAME_NAMES = 999;

/**
 * What is fixed stays as it is; the rest is what the tunnel had before, or the next free one.
 * @param before what the same tunnel had at its last start, if that is known.
 * @throws SystemError ADDRESS_CLASH when every pair is in use, or a fixed address is promised to another tunnel.
 */
export function chooseTun(
	{ config, isFixed }: TunnelRequest,
	occupancy: TunOccupancy,
	before: Tun | null,
): Tun {
	const { tun, role, ipv4Only } = config;
	const name = isFixed.tunName
		? tun.name
		: freeName(tun.name, occupancy, before?.name);
	const occupied = occupiedAddresses(occupancy);
	const choose = (choice: PairChoice) => {
		if (choice.isFixed) return refusePromised(choice.asked, occupancy);
		const earlier = choice.before === null ? [] : [choice.before];
		for (const pair of chain(earlier, choice.pairs))
			if (!has(occupied, pair.local) && !has(occupied, pair.peer)) return pair;
		throw noneLeft();
	};
	const ipv4 = choose({
		isFixed: isFixed.ipv4,
		asked: { local: tun.local4, peer: tun.peer4 },
		before: before && { local: before.local4, peer: before.peer4 },
		pairs: ipv4Pairs(role),
	});
	const asked6 = { local: tun.local6, peer: tun.peer6 };
	const ipv6 = ipv4Only
		? asked6
		: choose({
				isFixed: isFixed.ipv6,
				asked: asked6,
				before: before && { local: before.local6, peer: before.peer6 },
				pairs: ipv6Pairs(role),
			});
	return {
		name,
		local4: ipv4.local,
		peer4: ipv4.peer,
		local6: ipv6.local,
		peer6: ipv6.peer,
	};
}

/** What a tunnel with this TUN keeps others from taking. */
export function promiseOf(tun: Tun, ipv4Only: boolean): PromisedTun {
	const { name, local4, peer4, local6, peer6 } = tun;
	const ipv6 = ipv4Only ? [] : [local6, peer6];
	return { name, addresses: [local4, peer4, ...ipv6] };
}

interface PairChoice {
	readonly isFixed: boolean;
	readonly asked: AddressPair;
	readonly before: AddressPair | null;
	readonly pairs: Iterable<AddressPair>;
}

function* chain(
	first: Iterable<AddressPair>,
	then: Iterable<AddressPair>,
): Generator<AddressPair> {
	yield* first;
	yield* then;
}

/** "" stays: the kernel numbers TUNs itself. */
function freeName(
	base: string,
	{ links, promised }: TunOccupancy,
	before: string | undefined,
): string {
	if (base === "") return base;
	const taken = new Set([...links, ...promised].map(({ name }) => name));
	if (before !== undefined && before !== "" && !taken.has(before))
		return before;
	for (let number = 1; number <= MAX_SAME_NAMES; number += 1) {
		const suffix = number === 1 ? "" : `-${number}`;
		const room = TUNNEL_LIMITS.interfaceNameBytes.max - suffix.length;
		const name = `${base.slice(0, room)}${suffix}`;
		if (!taken.has(name)) return name;
	}
	throw noneLeft();
}

/** One list for all questions: building it costs more than asking. */
function occupiedAddresses(occupancy: TunOccupancy): BlockList {
	const { links, routes, promised } = occupancy;
	const list = listOf(promised);
	for (const link of links)
		for (const { address, family } of link.addresses)
			list.addAddress(address, typeOf(family));
	for (const { address, family, lengthBits } of routes)
		list.addSubnet(address, lengthBits, typeOf(family));
	return list;
}

function listOf(promised: readonly PromisedTun[]): BlockList {
	const list = new BlockList();
	for (const { addresses } of promised)
		for (const address of addresses)
			list.addAddress(address, typeOf(isIP(address)));
	return list;
}

function has(list: BlockList, address: string): boolean {
	return list.check(address, typeOf(isIP(address)));
}

function typeOf(family: number): "ipv4" | "ipv6" {
	return family === 6 ? "ipv6" : "ipv4";
}

/** The host's own addresses are the preflight's to judge; what is promised shows nowhere yet. */
function refusePromised(
	pair: AddressPair,
	{ promised }: TunOccupancy,
): AddressPair {
	const list = listOf(promised);
	const clash = [pair.local, pair.peer].find((address) => has(list, address));
	if (clash === undefined) return pair;
	throw new SystemError({
		code: "ADDRESS_CLASH",
		message: `The TUN's address ${clash} belongs to another tunnel of this host.`,
		whatToDo:
			"Give each tunnel its own addresses, or leave them away: the next free pair is taken then.",
	});
}

function noneLeft(): SystemError {
	return new SystemError({
		code: "ADDRESS_CLASH",
		message:
			"Every address pair or name that a TUN would get by itself is in use on this host.",
		whatToDo:
			"Give this tunnel a name and addresses of its own: --tun, --tun-local, --tun-peer, --tun-local6 and --tun-peer6.",
	});
}
