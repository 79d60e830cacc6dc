// Where datagrams can get lost outside of any tunnel: queues of the kernel that nobody emptied in time.

import type { Lab } from "../netlab/lab.js";
import type { Namespace } from "../netlab/namespace.js";
import { udpReceiveBufferDrops } from "../netlab/process-probe.js";
import type { TunnelInLab } from "./tunnel-in-lab.js";

/** One line for the test's output, e.g. "client: TUN queue 116, UDP buffers 0; server: …". */
export async function describeKernelDrops(
	lab: Lab,
	tunnel: TunnelInLab,
): Promise<string> {
	const parts = await Promise.all(
		(["client", "server"] as const).map(async (side) => {
			const { queueDrops } = await tunStatistics(
				lab[side].namespace,
				tunnel[side].tunName,
			);
			const buffers = udpReceiveBufferDrops(tunnel[side].process.pid);
			return `${side}: TUN queue ${queueDrops}, UDP buffers ${buffers}`;
		}),
	);
	return parts.join("; ");
}

/** Of a TUN, since it was made. */
export interface TunStatistics {
	/** What the program wrote. */
	readonly receivedBytes: number;
	/** What the program was given to read. */
	readonly sentBytes: number;
	/** Packets that the kernel had for the program and its queue had no room for. */
	readonly queueDrops: number;
}

export async function tunStatistics(
	namespace: Namespace,
	tunName: string,
): Promise<TunStatistics> {
	const folder = `/sys/class/net/${tunName}/statistics`;
	const names = ["rx_bytes", "tx_bytes", "tx_dropped"];
	const text = await namespace.run([
		"cat",
		...names.map((name) => `${folder}/${name}`),
	]);
	const [receivedBytes = 0, sentBytes = 0, queueDrops = 0] = text
		.trim()
		.split("\n")
		.map(Number);
	return { receivedBytes, sentBytes, queueDrops };
}
