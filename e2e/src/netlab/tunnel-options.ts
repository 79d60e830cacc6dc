// What every implementation of the tunnel is started with, so that pairings differ in nothing else.

import type { LabHost } from "./lab.js";
import type { LabProcess } from "./lab-process.js";

export type Family = 4 | 6;

export interface ClientOptions {
	readonly host: LabHost;
	/** UDP address that the application sends to, on the client host. */
	readonly localAddress: string;
	readonly localPort: number;
	readonly serverAddress: string;
	readonly serverPort: number;
	readonly tunName?: string;
	readonly extraArguments?: readonly string[];
}

export interface ServerOptions {
	readonly host: LabHost;
	/** Fake-TCP port. */
	readonly port: number;
	/** UDP target of the server. */
	readonly targetAddress: string;
	readonly targetPort: number;
	readonly tunName?: string;
	readonly extraArguments?: readonly string[];
}

/** A running client or server of any implementation. */
export interface TunnelEnd {
	readonly process: LabProcess;
	readonly tunName: string;
	/** SIGTERM, wait, and undo what the helper (not the program) did to the host. */
	stop(): Promise<void>;
}

/** One way to run both ends: ours, genuine Phantun, or the committed double of it. */
export interface TunnelKind {
	readonly name: "ours" | "stock" | "double";
	startClient(options: ClientOptions): Promise<TunnelEnd>;
	startServer(options: ServerOptions): Promise<TunnelEnd>;
}

export const CLIENT_TUN = "tunc0";
export const SERVER_TUN = "tuns0";

/** "[2001:db8::1]:53" or "198.18.0.1:53". */
export function hostAndPort(address: string, port: number): string {
	return address.includes(":") ? `[${address}]:${port}` : `${address}:${port}`;
}
