// Who has a port: sockets from /proc/net, and the programs that hold them from /proc/<pid>/fd.

import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { endianness } from "node:os";

export interface SocketRow {
	readonly protocol: "udp" | "tcp";
	readonly family: 4 | 6;
	/** Address as /proc/net prints it: eight hexadecimal digits per 32-bit word. */
	readonly addressHex: string;
	readonly port: number;
	readonly isListening: boolean;
	/** "0" for a socket of the kernel's own, e.g. of a WireGuard device. */
	readonly inode: string;
}

/** TCP_LISTEN of net/tcp_states.h. */
const LISTENING = "0A";
const MAX_NAMED = 3;

/** @param text of /proc/net/udp, udp6, tcp or tcp6. */
export function parseSocketTable(
	text: string,
	protocol: SocketRow["protocol"],
	family: 4 | 6,
): readonly SocketRow[] {
	return text
		.split("\n")
		.slice(1)
		.flatMap((line) => {
			const columns = line.trim().split(/\s+/);
			const [addressHex, portHex] = columns[1]?.split(":") ?? [];
			const inode = columns[9];
			if (addressHex === undefined || portHex === undefined) return [];
			if (inode === undefined) return [];
			const isListening = protocol === "tcp" && columns[3] === LISTENING;
			const port = Number.parseInt(portHex, 16);
			return [{ protocol, family, addressHex, port, isListening, inode }];
		});
}

/** The sockets of this network namespace. */
export function listSockets(
	protocol: SocketRow["protocol"],
): readonly SocketRow[] {
	return ([4, 6] as const).flatMap((family) => {
		const path = `/proc/self/net/${protocol}${family === 6 ? "6" : ""}`;
		return parseSocketTable(readOrEmpty(path), protocol, family);
	});
}

export function isWildcard({ addressHex }: SocketRow): boolean {
	return /^0+$/.test(addressHex);
}

/** 127.0.0.0/8, ::1 and 127.0.0.0/8 mapped into IPv6, in /proc/net's words of the host's byte order. */
export function isLoopback({ addressHex, family }: SocketRow): boolean {
	const last = addressHex.slice(-8);
	const firstOctet = endianness() === "LE" ? last.slice(6) : last.slice(0, 2);
	const isLoopback4 = firstOctet === "7F";
	if (family === 4) return isLoopback4;
	const isMapped = /^0{16}(FFFF0000|0000FFFF)/.test(addressHex);
	return isMapped ? isLoopback4 : /^0{24}(01000000|00000001)$/.test(addressHex);
}

/** "nginx (pid 812)", several joined by commas; null when no process of this host's view holds them. */
export function namesOfOwners(rows: readonly SocketRow[]): string | null {
	const wanted = new Set(rows.map(({ inode }) => `socket:[${inode}]`));
	const names = processIds().flatMap((pid) =>
		holdsOneOf(pid, wanted) ? [`${commandName(pid)} (pid ${pid})`] : [],
	);
	if (names.length > 0) return names.slice(0, MAX_NAMED).join(", ");
	return rows.length > 0 && rows.every(({ inode }) => inode === "0")
		? "the kernel itself, e.g. a WireGuard interface"
		: null;
}

/** The process that has a TUN of this name open, as "name (pid 1)"; null when none is seen. */
export function nameOfTunHolder(tunName: string): string | null {
	const isWanted = (text: string) =>
		/^iff:\s*(\S+)$/m.exec(text)?.[1] === tunName;
	for (const pid of processIds()) {
		const folder = `/proc/${pid}/fdinfo`;
		const isHolder = namesIn(folder).some((descriptor) =>
			isWanted(readOrEmpty(`${folder}/${descriptor}`)),
		);
		if (isHolder) return `${commandName(pid)} (pid ${pid})`;
	}
	return null;
}

function holdsOneOf(pid: string, wanted: ReadonlySet<string>): boolean {
	const folder = `/proc/${pid}/fd`;
	return namesIn(folder).some((descriptor) => {
		try {
			return wanted.has(readlinkSync(`${folder}/${descriptor}`));
		} catch {
			// Closed in the meantime.
			return false;
		}
	});
}

function processIds(): readonly string[] {
	return namesIn("/proc").filter((name) => /^\d+$/.test(name));
}

function commandName(pid: string): string {
	return readOrEmpty(`/proc/${pid}/comm`).trim() || "a program";
}

/** Empty when it is gone or another user's. */
function namesIn(folder: string): readonly string[] {
	try {
		return readdirSync(folder);
	} catch {
		return [];
	}
}

function readOrEmpty(path: string): string {
	try {
		return readFileSync(path, "latin1");
	} catch {
		return "";
	}
}
