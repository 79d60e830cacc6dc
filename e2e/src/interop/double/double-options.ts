// The double's command line: stock Phantun's flags with stock's meaning and defaults.

import { isIPv6 } from "node:net";
import { parseArgs } from "node:util";
import type { StockEndpoint } from "./stock-segment.js";

/** Stock keeps the system's default. The double is slower, and its buffer is no part of what it imitates. */
export const UDP_BUFFER_BYTES = 4 * 1024 * 1024;

export interface DoubleOptions {
	readonly role: "client" | "server";
	/** Client: UDP address to listen on. Server: only the port counts. */
	readonly local: { readonly address: string; readonly port: number };
	/** Client: the fake-TCP server. Server: the UDP target. Address literals only. */
	readonly remote: { readonly address: string; readonly port: number };
	readonly tunName: string;
	readonly addresses: Readonly<
		Record<4 | 6, { readonly local: string; readonly peer: string }>
	>;
}

const DEFAULT_ADDRESSES = {
	client: {
		4: { local: "192.168.200.1", peer: "192.168.200.2" },
		6: { local: "fcc8::1", peer: "fcc8::2" },
	},
	server: {
		4: { local: "192.168.201.1", peer: "192.168.201.2" },
		6: { local: "fcc9::1", peer: "fcc9::2" },
	},
} as const;

export function parseDoubleOptions(argv: readonly string[]): DoubleOptions {
	const role = argv[0] === "server" ? "server" : "client";
	const { values } = parseArgs({
		args: argv.slice(1),
		options: {
			local: { type: "string", short: "l", default: "" },
			remote: { type: "string", short: "r", default: "" },
			tun: { type: "string", default: "" },
		},
	});
	return {
		role,
		local: splitAddress(
			role === "server" ? `0.0.0.0:${values.local}` : values.local,
		),
		remote: splitAddress(values.remote),
		tunName: values.tun,
		addresses: DEFAULT_ADDRESSES[role],
	};
}

function splitAddress(text: string): { address: string; port: number } {
	const match = /^(?:\[(.+)\]|([^:]+)):(\d+)$/.exec(text);
	if (match === null) throw new Error(`not ADDRESS:PORT: ${text}`);
	return { address: match[1] ?? match[2] ?? "", port: Number(match[3]) };
}

/** 4 or 16 bytes of an address literal. */
function addressBytes(literal: string): Buffer {
	if (!isIPv6(literal)) return Buffer.from(literal.split(".").map(Number));
	const [head = "", tail = ""] = literal.split("::");
	const groups = (text: string) => text.split(":").filter(Boolean);
	const missing = 8 - groups(head).length - groups(tail).length;
	const all = literal.includes("::")
		? [...groups(head), ...Array<string>(missing).fill("0"), ...groups(tail)]
		: groups(literal);
	const bytes = Buffer.alloc(16);
	for (const [place, group] of all.entries())
		bytes.writeUInt16BE(Number.parseInt(group, 16), place * 2);
	return bytes;
}

export function endpointOf(literal: string, port: number): StockEndpoint {
	return { address: addressBytes(literal), port };
}
