// CPU time: of processes with all their threads (/proc/<pid>/stat), and of the whole machine (/proc/stat).

import { readFileSync } from "node:fs";

/** USER_HZ is 100 on every Linux, so a tick is 10 ms. */
const TICK_MS = 10;

export interface CpuTime {
	readonly userMs: number;
	readonly systemMs: number;
}

/** utime and stime of a process, ended threads included. */
export function processCpuTime(pid: number): CpuTime {
	const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
	// The second field is a name in brackets that may hold blanks; field 3 of proc(5) follows it.
	const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
	return {
		userMs: Number(fields[11]) * TICK_MS,
		systemMs: Number(fields[12]) * TICK_MS,
	};
}

/** All that the machine's cores did but idling and waiting for disks, generator and sink included. */
export function machineBusyMs(): number {
	const first = readFileSync("/proc/stat", "utf8").split("\n", 1)[0] ?? "";
	// user nice system idle iowait irq softirq steal; guest time is in user already.
	const [user, nice, system, , , irq, softirq] = first
		.trim()
		.split(/\s+/)
		.slice(1)
		.map(Number);
	return (
		((user ?? 0) + (nice ?? 0) + (system ?? 0) + (irq ?? 0) + (softirq ?? 0)) *
		TICK_MS
	);
}

/** When a process was started, in milliseconds of CLOCK_BOOTTIME, to the tick. */
export function processStartMs(pid: number): number {
	const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
	const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
	return Number(fields[19]) * TICK_MS;
}
