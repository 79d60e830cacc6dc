// The server half of the double: one connected UDP socket per connection; an error on it ends the connection.

import { createSocket, type Socket } from "node:dgram";
import { isIPv6 } from "node:net";
import { type DoubleOptions, UDP_BUFFER_BYTES } from "./double-options.js";
import type { ApplicationSide } from "./stock-client.js";
import { STOCK_BUFFER_BYTES } from "./stock-segment.js";
import type { StockStack } from "./stock-stack.js";

interface Target {
	readonly socket: Socket;
	isConnected: boolean;
	/** Payload that came before the socket was connected. */
	readonly early: Buffer[];
}

const MAX_EARLY = 512;

/** @returns what the stack reports to. */
export function startStockServer(
	options: DoubleOptions,
	stack: () => StockStack,
): ApplicationSide {
	const { remote } = options;
	const targets = new Map<number, Target>();
	const now = () => performance.now();

	const forward = (id: number, target: Target, payload: Buffer) => {
		target.socket.send(payload, (error) => {
			if (error !== null) stack().close(id);
		});
	};

	return {
		established: (id) => {
			const socket = createSocket(isIPv6(remote.address) ? "udp6" : "udp4");
			const target: Target = { socket, isConnected: false, early: [] };
			targets.set(id, target);
			socket.on("error", () => stack().close(id));
			socket.on("message", (datagram) =>
				stack().send(id, datagram.subarray(0, STOCK_BUFFER_BYTES), now()),
			);
			socket.on("connect", () => {
				target.isConnected = true;
				socket.setRecvBufferSize(UDP_BUFFER_BYTES);
				for (const payload of target.early.splice(0))
					forward(id, target, payload);
			});
			socket.connect(remote.port, remote.address);
		},
		deliver: (id, payload) => {
			const target = targets.get(id);
			if (target === undefined) return;
			// The stack's bytes are the TUN's, and are gone after this call.
			const kept = Buffer.from(payload);
			if (target.isConnected) forward(id, target, kept);
			else if (target.early.length < MAX_EARLY) target.early.push(kept);
		},
		closed: (id) => {
			const target = targets.get(id);
			targets.delete(id);
			target?.socket.close();
		},
	};
}
