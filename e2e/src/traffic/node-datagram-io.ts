// The generator's sockets on node:dgram: one system call per datagram, as most applications do it.

import { createSocket, type RemoteInfo, type Socket } from "node:dgram";
import {
	type DatagramIo,
	type DatagramIoOptions,
	SOCKET_BUFFER_BYTES,
} from "./datagram-io.js";

export async function openNodeDatagramIo(
	options: DatagramIoOptions,
): Promise<DatagramIo> {
	const peers = new PeerTable();
	let errors = 0;
	const sockets = await Promise.all(
		Array.from({ length: options.sockets }, async (_, index) => {
			const socket = await openSocket(options);
			socket.on("error", () => {
				errors += 1;
			});
			socket.on("message", (bytes, from) => {
				const peer =
					options.target === undefined ? peers.numberOf(from) : index;
				options.onDatagram(index, peer, bytes);
			});
			return socket;
		}),
	);
	const onSent = (error: Error | null) => {
		if (error !== null) errors += 1;
	};
	return {
		kind: "node",
		send: (peer, bytes, segmentBytes) => {
			const from = options.target === undefined ? sockets[0] : sockets[peer];
			const to = options.target === undefined ? peers.at(peer) : undefined;
			if (from === undefined) return false;
			for (let at = 0; at < bytes.length; at += segmentBytes) {
				// libuv may send later, from its own queue, so each datagram gets memory of its own.
				const piece = Buffer.from(bytes.subarray(at, at + segmentBytes));
				if (to === undefined) from.send(piece, onSent);
				else from.send(piece, to.port, to.address, onSent);
			}
			return true;
		},
		flush: () => undefined,
		errors: () => errors,
		overflowDrops: () => 0,
		localPort: () => sockets[0]?.address().port ?? 0,
		close: () => {
			for (const socket of sockets) socket.close();
		},
	};
}

async function openSocket(options: DatagramIoOptions): Promise<Socket> {
	const family = (options.target ?? options.bind)?.family ?? 4;
	const socket = createSocket({ type: family === 6 ? "udp6" : "udp4" });
	await new Promise<void>((resolve, reject) => {
		socket.once("error", reject);
		socket.bind(
			{ address: options.bind?.address, port: options.bind?.port ?? 0 },
			() => {
				socket.off("error", reject);
				resolve();
			},
		);
	});
	socket.setRecvBufferSize(SOCKET_BUFFER_BYTES);
	socket.setSendBufferSize(SOCKET_BUFFER_BYTES);
	const { target } = options;
	if (target === undefined) return socket;
	await new Promise<void>((resolve, reject) => {
		socket.connect(target.port, target.address, (error?: Error) =>
			error === undefined || error === null ? resolve() : reject(error),
		);
	});
	return socket;
}

class PeerTable {
	readonly #numbers = new Map<string, number>();
	readonly #peers: RemoteInfo[] = [];

	numberOf(from: RemoteInfo): number {
		const key = `${from.address} ${from.port}`;
		const known = this.#numbers.get(key);
		if (known !== undefined) return known;
		this.#numbers.set(key, this.#peers.length);
		this.#peers.push(from);
		return this.#peers.length - 1;
	}

	at(peer: number): RemoteInfo | undefined {
		return this.#peers[peer];
	}
}
