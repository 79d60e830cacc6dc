// Answers questions about this instance on a Unix socket; nothing that a client does or omits reaches the tunnels.

import { createServer, type Server, type Socket } from "node:net";
import {
	controlSocketPath,
	listControlSockets,
	makeControlDirectory,
	openSocketAddress,
	removeControlDirectory,
	removeControlSocket,
} from "../system/control-socket-files.js";
import { withHostStateLock } from "../system/host-state-lock.js";
import { type Respond, serveConnection } from "./serve-connection.js";
import { isAnswering } from "./socket-probe.js";

export interface ControlServerOptions {
	/** Folder of this network namespace in the run-time directory. */
	readonly directory: string;
	readonly pid: number;
	readonly respond: Respond;
	/** From connecting to the end of the answer; a client that is slower is cut off. */
	readonly connectionLimitMs?: number;
	/** Longest time in which a viewer of a stream may read nothing. */
	readonly stallLimitMs?: number;
}

/** Clients at once; more are turned away by closing. */
const MAX_CONNECTIONS = 16;
const CONNECTION_LIMIT_MS = 5_000;
/** Long enough for a person who looks at a page of output. */
const STALL_LIMIT_MS = 60_000;
/** Of the connections, so that there is always one left to ask for the status. */
const MAX_VIEWERS = 8;
/** Only root asks: directory 0700, socket 0600. */
const SOCKET_UMASK = 0o177;

export class ControlServer {
	readonly path: string;
	readonly #options: ControlServerOptions;
	readonly #server: Server;
	readonly #connections: Set<Socket>;
	readonly #releaseAddress: () => void;

	private constructor(parts: {
		options: ControlServerOptions;
		path: string;
		server: Server;
		connections: Set<Socket>;
		releaseAddress: () => void;
	}) {
		this.path = parts.path;
		this.#options = parts.options;
		this.#server = parts.server;
		this.#connections = parts.connections;
		this.#releaseAddress = parts.releaseAddress;
	}

	/**
	 * Removes sockets of dead processes, then listens. Does not keep the process alive.
	 * @throws the system's error, or SystemError STATE_LOCK_TIMEOUT
	 */
	static open(options: ControlServerOptions): Promise<ControlServer> {
		const { directory, pid } = options;
		return withHostStateLock(directory, async () => {
			makeControlDirectory(directory);
			const path = await clearTheWay(directory, pid);
			const connections = new Set<Socket>();
			const limits = {
				connectionMs: options.connectionLimitMs ?? CONNECTION_LIMIT_MS,
				stallMs: options.stallLimitMs ?? STALL_LIMIT_MS,
				viewers: MAX_VIEWERS,
			};
			const viewers = new Set<Socket>();
			const server = createServer({ allowHalfOpen: true }, (connection) => {
				connections.add(connection);
				connection.once("close", () => connections.delete(connection));
				serveConnection(connection, {
					respond: options.respond,
					limits,
					viewers,
				});
			});
			server.maxConnections = MAX_CONNECTIONS;
			const { address, release } = openSocketAddress(path);
			await listenPrivately(server, address);
			server.unref();
			return new ControlServer({
				options,
				path,
				server,
				connections,
				releaseAddress: release,
			});
		});
	}

	/** Cuts everybody off and removes the socket, and its folder unless it is still used. */
	async close(): Promise<void> {
		const { directory } = this.#options;
		for (const connection of this.#connections) connection.destroy();
		await new Promise<void>((resolve) => this.#server.close(() => resolve()));
		this.#releaseAddress();
		await withHostStateLock(directory, async () => {
			removeControlSocket(this.path);
			removeControlDirectory(directory);
		});
	}
}

/** @returns a path that is free, once what dead processes had left is gone. */
async function clearTheWay(directory: string, pid: number): Promise<string> {
	const taken = new Set<string>();
	for (const { path } of listControlSockets(directory)) {
		if (await isAnswering(path)) taken.add(path);
		else removeControlSocket(path);
	}
	for (let serial = 0; ; serial += 1) {
		const path = controlSocketPath(directory, pid, serial);
		if (!taken.has(path)) return path;
	}
}

function listenPrivately(server: Server, address: string): Promise<void> {
	return new Promise((resolve, reject) => {
		server.once("error", reject);
		// `listen` binds before it returns.
		const umask = process.umask(SOCKET_UMASK);
		server.listen(address, () => {
			server.off("error", reject);
			// Too many descriptors, say: clients wait, tunnels go on.
			server.on("error", () => undefined);
			resolve();
		});
		process.umask(umask);
	});
}
