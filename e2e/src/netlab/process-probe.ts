// What /proc says about a running process: CPU time, memory, descriptors, bound UDP ports.

import { readdirSync, readFileSync } from "node:fs";

/** CPU time used so far by all threads of a process, in milliseconds. */
export function cpuTimeMs(pid: number): number {
	const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
	const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
	// Fields 14 and 15 of proc(5), in ticks of 10 ms (USER_HZ is 100 on every Linux).
	return (Number(fields[11]) + Number(fields[12])) * 10;
}

/** Resident set size in bytes. */
export function residentBytes(pid: number): number {
	const status = readFileSync(`/proc/${pid}/status`, "utf8");
	return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1] ?? 0) * 1024;
}

/** Number of open file descriptors. */
export function openDescriptors(pid: number): number {
	return readdirSync(`/proc/${pid}/fd`).length;
}

/** A file of /proc, or nothing when the process has just ended. */
function readIfAlive(path: string): string {
	try {
		return readFileSync(path, "utf8");
	} catch {
		return "";
	}
}

/** Whether a UDP socket in the process' network namespace is bound to this local port. */
export function hasUdpPort(pid: number, port: number): boolean {
	const wanted = `:${port.toString(16).toUpperCase().padStart(4, "0")}`;
	return ["udp", "udp6"].some((table) =>
		readIfAlive(`/proc/${pid}/net/${table}`)
			.split("\n")
			.slice(1)
			.some((row) => row.trim().split(/\s+/)[1]?.endsWith(wanted) === true),
	);
}

/** Names of the network devices in the process' namespace. */
export function deviceNames(pid: number): string[] {
	return readIfAlive(`/proc/${pid}/net/dev`)
		.split("\n")
		.slice(2)
		.map((row) => row.split(":")[0]?.trim() ?? "")
		.filter(Boolean);
}

/** UDP datagrams that the process' network namespace threw away because a socket's receive buffer was full. */
export function udpReceiveBufferDrops(pid: number): number {
	const [names = "", counts = ""] = readFileSync(
		`/proc/${pid}/net/snmp`,
		"utf8",
	)
		.split("\n")
		.filter((row) => row.startsWith("Udp: "));
	const column = names.split(" ").indexOf("RcvbufErrors");
	const drops4 = Number(counts.split(" ")[column] ?? 0);
	const table6 = readFileSync(`/proc/${pid}/net/snmp6`, "utf8");
	const drops6 = Number(/^Udp6RcvbufErrors\s+(\d+)/m.exec(table6)?.[1] ?? 0);
	return drops4 + drops6;
}

/** Direct children of a process. */
export function childPids(pid: number): number[] {
	return readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8")
		.split(" ")
		.filter(Boolean)
		.map(Number);
}
