// Stock Phantun's fake-TCP state machine as a pure object: events in, actions out, no clock and no sockets of its own.

import {
	BIT,
	type StockEndpoint,
	type StockSegment,
	tupleKey,
} from "./stock-segment.js";

/** A turn sends or waits, so six turns are three transmissions (wire.md 4.2). */
const HANDSHAKE_TURNS = 6;
const HANDSHAKE_WAIT_MS = 1_000;
/** More unacknowledged bytes than this make stock send a pure ACK (wire.md 4.3). */
const MAX_UNACKED_BYTES = 128 * 1024 * 1024;
/** Refreshed by either direction (wire.md 4.5). */
const IDLE_LIMIT_MS = 180_000;
const EMPTY = Buffer.alloc(0);

/** What the stack wants done. `connection` is the number given at birth. */
export interface StockSink {
	transmit(segment: StockSegment): void;
	established(connection: number, remote: StockEndpoint): void;
	/** Payload for the UDP application; never empty. */
	deliver(connection: number, payload: Buffer): void;
	/** Gone for whatever reason; also after a handshake that failed. */
	closed(connection: number): void;
}

interface Connection {
	readonly id: number;
	readonly local: StockEndpoint;
	readonly remote: StockEndpoint;
	state: "idle" | "syn-sent" | "syn-received" | "established";
	readonly isOpener: boolean;
	sequence: number;
	acknowledgement: number;
	/** Acknowledgement field of the last packet sent, which the 128 MiB rule compares with. */
	lastAcknowledgementSent: number;
	turnsLeft: number;
	deadlineMs: number;
}

export class StockStack {
	readonly #sink: StockSink;
	/** Ports on which a SYN opens a connection; empty for a client. */
	readonly #listening: ReadonlySet<number>;
	readonly #byTuple = new Map<string, Connection>();
	readonly #byId = new Map<number, Connection>();
	#nextId = 1;

	constructor(sink: StockSink, listening: readonly number[]) {
		this.#sink = sink;
		this.#listening = new Set(listening);
	}

	/** Opens actively. @returns the connection's number, or null when the tuple is in use (try another port). */
	open(
		local: StockEndpoint,
		remote: StockEndpoint,
		nowMs: number,
	): number | null {
		if (this.#byTuple.has(tupleKey(local, remote))) return null;
		const connection = this.#add(local, remote, true);
		this.#takeTurns(connection, nowMs);
		return connection.id;
	}

	/** Sends one datagram on an established connection; an empty one becomes a segment without payload. */
	send(id: number, payload: Buffer, nowMs: number): void {
		const connection = this.#byId.get(id);
		if (connection?.state !== "established") return;
		this.#transmit(connection, BIT.ack, payload);
		connection.sequence = (connection.sequence + payload.length) >>> 0;
		connection.deadlineMs = nowMs + IDLE_LIMIT_MS;
	}

	/** The application's side failed: the connection is dropped, which says RST on the wire. */
	close(id: number): void {
		const connection = this.#byId.get(id);
		if (connection !== undefined) this.#drop(connection);
	}

	receive(segment: StockSegment, nowMs: number): void {
		const known = this.#byTuple.get(tupleKey(segment.local, segment.remote));
		if (known === undefined) this.#receiveUnknown(segment, nowMs);
		else if (known.state === "established")
			this.#receiveEstablished(known, segment, nowMs);
		else this.#receiveInHandshake(known, segment, nowMs);
	}

	/** Runs what is due. */
	tick(nowMs: number): void {
		for (const connection of [...this.#byId.values()]) {
			if (nowMs < connection.deadlineMs) continue;
			if (connection.state === "established") {
				this.#drop(connection);
				continue;
			}
			connection.state = "idle";
			this.#takeTurns(connection, nowMs);
		}
	}

	#add(
		local: StockEndpoint,
		remote: StockEndpoint,
		isOpener: boolean,
	): Connection {
		const connection: Connection = {
			id: this.#nextId,
			local: { address: Buffer.from(local.address), port: local.port },
			remote: { address: Buffer.from(remote.address), port: remote.port },
			state: "idle",
			isOpener,
			sequence: 0,
			// A SYN is accepted with sequence 0 only, so the acknowledgement starts at 1.
			acknowledgement: isOpener ? 0 : 1,
			lastAcknowledgementSent: isOpener ? 0 : 1,
			turnsLeft: HANDSHAKE_TURNS,
			deadlineMs: 0,
		};
		this.#nextId += 1;
		this.#byId.set(connection.id, connection);
		this.#byTuple.set(tupleKey(local, remote), connection);
		return connection;
	}

	/** Uses up turns until one has to wait, or none is left. */
	#takeTurns(connection: Connection, nowMs: number): void {
		if (connection.turnsLeft > 0 && connection.state === "idle") {
			connection.turnsLeft -= 1;
			const { isOpener } = connection;
			this.#transmit(connection, isOpener ? BIT.syn : BIT.syn | BIT.ack, EMPTY);
			connection.state = isOpener ? "syn-sent" : "syn-received";
		}
		if (connection.turnsLeft === 0) {
			this.#drop(connection);
			return;
		}
		connection.turnsLeft -= 1;
		connection.deadlineMs = nowMs + HANDSHAKE_WAIT_MS;
	}

	#receiveInHandshake(
		connection: Connection,
		segment: StockSegment,
		nowMs: number,
	): void {
		if ((segment.controlBits & BIT.rst) !== 0) {
			this.#drop(connection);
			return;
		}
		const wanted = connection.isOpener ? BIT.syn | BIT.ack : BIT.ack;
		const isAwaited =
			segment.controlBits === wanted &&
			segment.acknowledgement === connection.sequence + 1;
		if (!isAwaited) {
			// Anything else costs a turn without a retransmission.
			this.#takeTurns(connection, nowMs);
			return;
		}
		connection.sequence += 1;
		connection.state = "established";
		connection.deadlineMs = nowMs + IDLE_LIMIT_MS;
		if (connection.isOpener) {
			connection.acknowledgement = (segment.sequence + 1) >>> 0;
			this.#transmit(connection, BIT.ack, EMPTY);
		}
		// Payload of the handshake's last segment is swallowed: it is looked at nowhere.
		this.#sink.established(connection.id, connection.remote);
	}

	#receiveEstablished(
		connection: Connection,
		segment: StockSegment,
		nowMs: number,
	): void {
		if ((segment.controlBits & BIT.rst) !== 0) {
			this.#drop(connection);
			return;
		}
		const { payload } = segment;
		const acknowledgement = (segment.sequence + payload.length) >>> 0;
		// Of the last segment received, so it may go backwards.
		connection.acknowledgement = acknowledgement;
		const unacked =
			(acknowledgement - connection.lastAcknowledgementSent) >>> 0;
		// Unsigned: a segment that ends behind the last acknowledgement sent is "almost 4 GiB ahead".
		if (unacked > MAX_UNACKED_BYTES) this.#transmit(connection, BIT.ack, EMPTY);
		connection.deadlineMs = nowMs + IDLE_LIMIT_MS;
		if (payload.length > 0) this.#sink.deliver(connection.id, payload);
	}

	#receiveUnknown(segment: StockSegment, nowMs: number): void {
		const { controlBits, sequence, payload } = segment;
		const isSynForUs =
			controlBits === BIT.syn && this.#listening.has(segment.local.port);
		if (isSynForUs && sequence === 0) {
			const connection = this.#add(segment.local, segment.remote, false);
			this.#takeTurns(connection, nowMs);
			return;
		}
		if ((controlBits & BIT.rst) !== 0) return;
		this.#sink.transmit({
			local: segment.local,
			remote: segment.remote,
			sequence: isSynForUs ? 0 : segment.acknowledgement,
			// The SYN counts only when it came to a port that listens.
			acknowledgement: sequence + payload.length + (isSynForUs ? 1 : 0),
			controlBits: BIT.rst | BIT.ack,
			payload: EMPTY,
		});
	}

	#transmit(
		connection: Connection,
		controlBits: number,
		payload: Buffer,
	): void {
		connection.lastAcknowledgementSent = connection.acknowledgement;
		this.#sink.transmit({
			local: connection.local,
			remote: connection.remote,
			sequence: connection.sequence,
			acknowledgement: connection.acknowledgement,
			controlBits,
			payload,
		});
	}

	/** Whatever the reason, stock says a bare RST with acknowledgement 0. */
	#drop(connection: Connection): void {
		this.#byId.delete(connection.id);
		this.#byTuple.delete(tupleKey(connection.local, connection.remote));
		this.#sink.transmit({
			local: connection.local,
			remote: connection.remote,
			sequence: connection.sequence,
			acknowledgement: 0,
			controlBits: BIT.rst,
			payload: EMPTY,
		});
		this.#sink.closed(connection.id);
	}
}
