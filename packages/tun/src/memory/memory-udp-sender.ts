// Sends trains through in-memory sockets with the accounting of the native sender.

import { constants } from "node:os";
import { localAddressText, remoteAddress } from "../endpoint-words.js";
import type { GatherTrains } from "../gather-trains.js";
import { TRAIN_FAULT, throwOnFault } from "../train-faults.js";
import {
	ENDPOINT_WORDS,
	type SocketAddress,
	type UdpSendOutcome,
} from "../udp-socket.js";
import { checkTrainCount, elementAt, gatherPayload } from "./gathered-train.js";
import type { MemoryUdp } from "./memory-udp.js";

/** As the kernel: 64 segments and 65,507 bytes in one message. */
const MAX_SEGMENTS = 64;
const MAX_MESSAGE_BYTES = 65_507;
const MAX_DATAGRAM_BYTES = { 4: 65_507, 6: 65_527 } as const;
const FAMILY_MASK = 0xffff;

const { EAFNOSUPPORT, EBADF, EDESTADDRREQ, EMSGSIZE, ECONNREFUSED } =
	constants.errno;

/** The sockets and endpoints that trains go through. */
export interface SendRoutes {
	readonly find: (token: number) => MemoryUdp | undefined;
	readonly ownerSocket: Int32Array;
	readonly endpoints: Int32Array | null;
}

interface Destination {
	readonly from: SocketAddress;
	readonly to: SocketAddress;
}

/** @returns where a train of `owner` goes, or the errno that the kernel would give. */
function destinationOf(
	socket: MemoryUdp,
	owner: number,
	endpoints: Int32Array | null,
): Destination | number {
	if (socket.remoteAddress !== null) {
		return { from: socket.localAddress, to: socket.remoteAddress };
	}
	const start = owner * ENDPOINT_WORDS;
	if (endpoints === null || start + ENDPOINT_WORDS > endpoints.length) {
		return EDESTADDRREQ;
	}
	const family = elementAt(endpoints, start) & FAMILY_MASK;
	const isReachable =
		family === 4 || (family === 6 && socket.localAddress.family === 6);
	if (!isReachable) {
		return EAFNOSUPPORT;
	}
	const to = remoteAddress(endpoints, start);
	const from = socket.sourceFor(to);
	const local = localAddressText(endpoints, start);
	return { to, from: local === null ? from : { ...from, address: local } };
}

export class MemoryUdpSender {
	readonly #outcome: UdpSendOutcome = {
		datagramsSent: 0,
		datagramsDroppedQueueFull: 0,
		refusals: 0,
		lastRefusedOwner: -1,
		datagramsDroppedTooBig: 0,
		datagramsDroppedOther: 0,
		lastErrno: 0,
	};

	send(trains: GatherTrains, routes: SendRoutes): UdpSendOutcome {
		checkTrainCount(trains);
		const outcome = this.#outcome;
		outcome.datagramsSent = 0;
		outcome.refusals = 0;
		outcome.lastRefusedOwner = -1;
		outcome.datagramsDroppedTooBig = 0;
		outcome.datagramsDroppedOther = 0;
		outcome.lastErrno = 0;
		for (let index = 0; index < trains.count; index += 1) {
			this.#sendTrain(trains, index, routes);
		}
		return outcome;
	}

	#sendTrain(trains: GatherTrains, index: number, routes: SendRoutes): void {
		const owner = elementAt(trains.owner, index);
		const isKnown = owner >= 0 && owner < routes.ownerSocket.length;
		throwOnFault(isKnown ? TRAIN_FAULT.none : TRAIN_FAULT.ownerOutOfRange);
		const totalLength = elementAt(trains.totalLength, index);
		const segmentSize = elementAt(trains.segmentSize, index);
		const datagrams =
			totalLength <= segmentSize ? 1 : Math.ceil(totalLength / segmentSize);
		const socket = routes.find(elementAt(routes.ownerSocket, owner));
		if (socket === undefined) {
			this.#drop(EBADF, datagrams);
			return;
		}
		const payload = gatherPayload(trains, index, socket.arena);
		const destination = destinationOf(socket, owner, routes.endpoints);
		if (typeof destination === "number") {
			this.#drop(destination, datagrams);
			return;
		}
		this.#sendPayload({ socket, owner, destination }, payload, segmentSize);
	}

	#sendPayload(
		way: {
			readonly socket: MemoryUdp;
			readonly owner: number;
			readonly destination: Destination;
		},
		payload: Uint8Array,
		segmentSize: number,
	): void {
		const { socket, owner, destination } = way;
		if (segmentSize > MAX_DATAGRAM_BYTES[destination.to.family]) {
			this.#drop(EMSGSIZE, Math.ceil(payload.length / segmentSize));
			return;
		}
		const perMessage = socket.offloads.segmentation
			? Math.min(MAX_SEGMENTS, Math.floor(MAX_MESSAGE_BYTES / segmentSize))
			: 1;
		const messageBytes = Math.max(1, perMessage) * segmentSize;
		let at = 0;
		do {
			const piece = payload.subarray(at, at + messageBytes);
			if (socket.pendingError === ECONNREFUSED) {
				socket.pendingError = 0;
				this.#outcome.refusals += 1;
				this.#outcome.lastRefusedOwner = owner;
				this.#outcome.lastErrno = ECONNREFUSED;
			}
			socket.send({ ...destination, payload: piece, segmentSize });
			const isMany = piece.length > segmentSize;
			this.#outcome.datagramsSent += isMany
				? Math.ceil(piece.length / segmentSize)
				: 1;
			at += messageBytes;
		} while (at < payload.length);
	}

	#drop(errno: number, datagrams: number): void {
		this.#outcome.lastErrno = errno;
		if (errno === EMSGSIZE) {
			this.#outcome.datagramsDroppedTooBig += datagrams;
			return;
		}
		this.#outcome.datagramsDroppedOther += datagrams;
	}
}
