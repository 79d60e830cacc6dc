// The client half of the double: one UDP port, one connection per application address, one handshake at a time.

import { createSocket, type RemoteInfo } from "node:dgram";
import { isIPv6 } from "node:net";
import {
	type DoubleOptions,
	endpointOf,
	UDP_BUFFER_BYTES,
} from "./double-options.js";
import { STOCK_BUFFER_BYTES } from "./stock-segment.js";
import type { StockSink, StockStack } from "./stock-stack.js";

const FIRST_PORT = 32_768;
const LAST_PORT = 60_999;
/** What waits in the kernel's socket buffer while stock's only loop is busy with a handshake. */
const MAX_WAITING = 256;

interface Waiting {
	readonly datagram: Buffer;
	readonly from: RemoteInfo;
}

export type ApplicationSide = Pick<
	StockSink,
	"established" | "deliver" | "closed"
>;

/** @returns what the stack reports to. */
export function startStockClient(
	options: DoubleOptions,
	stack: () => StockStack,
): ApplicationSide {
	const { local, remote, addresses } = options;
	const socket = createSocket(isIPv6(local.address) ? "udp6" : "udp4");
	const connectionOf = new Map<string, number>();
	const applicationOf = new Map<number, RemoteInfo>();
	const waiting: Waiting[] = [];
	/** The handshake that blocks everything else, and the datagram that it is for. */
	let opening: (Waiting & { readonly id: number }) | null = null;
	const now = () => performance.now();
	const nameOf = (from: RemoteInfo) => `${from.address} ${from.port}`;

	const open = (first: Waiting) => {
		const family = isIPv6(remote.address) ? 6 : 4;
		const span = LAST_PORT - FIRST_PORT + 1;
		const start = FIRST_PORT + Math.floor(Math.random() * span);
		const to = endpointOf(remote.address, remote.port);
		for (let port = start; port <= LAST_PORT; port += 1) {
			const from = endpointOf(addresses[family].peer, port);
			const id = stack().open(from, to, now());
			if (id === null) continue;
			opening = { ...first, id };
			return;
		}
	};

	const accept = (arrival: Waiting) => {
		const known = connectionOf.get(nameOf(arrival.from));
		if (known !== undefined) stack().send(known, arrival.datagram, now());
		else if (opening === null) open(arrival);
		else if (waiting.length < MAX_WAITING) waiting.push(arrival);
	};

	const drainWaiting = () => {
		while (opening === null) {
			const next = waiting.shift();
			if (next === undefined) return;
			accept(next);
		}
	};

	socket.on("message", (datagram, from) =>
		// Longer datagrams are cut and forwarded (wire.md 4.1).
		accept({ datagram: datagram.subarray(0, STOCK_BUFFER_BYTES), from }),
	);
	socket.bind(local.port, local.address, () =>
		socket.setRecvBufferSize(UDP_BUFFER_BYTES),
	);
	return {
		established: (id) => {
			if (opening === null) return;
			const { datagram, from } = opening;
			connectionOf.set(nameOf(from), id);
			applicationOf.set(id, from);
			stack().send(id, datagram, now());
			opening = null;
			drainWaiting();
		},
		deliver: (id, payload) => {
			const to = applicationOf.get(id);
			if (to === undefined) return;
			socket.send(Buffer.from(payload), to.port, to.address, (error) => {
				if (error !== null) stack().close(id);
			});
		},
		closed: (id) => {
			const from = applicationOf.get(id);
			if (from !== undefined) connectionOf.delete(nameOf(from));
			applicationOf.delete(id);
			if (opening?.id !== id) return;
			// The datagram that wanted it is lost; the next one tries again.
			opening = null;
			drainWaiting();
		},
	};
}
