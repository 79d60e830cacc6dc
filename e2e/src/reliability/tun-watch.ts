// Watches with tcpdump what a daemon writes to its TUN: when packets of one kind left it.

import { startInNamespace } from "../netlab/lab-process.js";
import type { TunnelEnd } from "../netlab/tunnel-options.js";

const START_DEADLINE_MS = 10_000;

/** pcap filters, either family. */
export const FILTERS = {
	resets:
		"(ip and tcp[tcpflags] & tcp-rst != 0) or (ip6[6] = 6 and ip6[53] & 4 != 0)",
	bareAcknowledgements:
		"(ip and ip[2:2] = 40 and tcp[tcpflags] = tcp-ack) or (ip6[6] = 6 and ip6[4:2] = 20 and ip6[53] = 16)",
} as const;

export interface TunWatch {
	/** Ends the watch. @returns seconds of each packet's time stamp, ascending. @throws Error when it missed any */
	finish(): Promise<readonly number[]>;
}

export async function watchTun(
	end: TunnelEnd,
	filter: string,
): Promise<TunWatch> {
	const tcpdump = startInNamespace(end.process.namespace, {
		argv: [
			...["tcpdump", "-B", "16384", "-l", "-n", "-tt", "-q"],
			// "in" is what the kernel gets from the TUN: what the daemon wrote.
			...["-Q", "in", "-i", end.tunName, filter],
		],
		deadlineMs: 100_000,
	});
	await tcpdump.waitForOutput(/listening on/, START_DEADLINE_MS);
	return {
		finish: async () => {
			await tcpdump.stop("SIGINT");
			if (!/\b0 packets dropped by kernel/.test(tcpdump.stderr()))
				throw new Error(`tcpdump lost packets: ${tcpdump.stderr()}`);
			return [...tcpdump.stdout().matchAll(/^(\d+\.\d+) /gm)].map(
				([, seconds]) => Number(seconds),
			);
		},
	};
}
