// Where datagrams can get lost outside of any tunnel: queues of the kernel that nobody emptied in time.

import type { Lab } from "../netlab/lab.js";
import { udpReceiveBufferDrops } from "../netlab/process-probe.js";
import type { TunnelEnd } from "../netlab/tunnel-options.js";
import type { TunnelInLab } from "./tunnel-in-lab.js";

/** One line for the test's output, e.g. "client: TUN queue 116, UDP buffers 0; server: …". */
export async function describeKernelDrops(
	lab: Lab,
	tunnel: TunnelInLab,
): Promise<string> {
	const parts = await Promise.all(
		(["client", "server"] as const).map(async (side) => {
			const queue = await tunQueueDrops(lab, side, tunnel[side]);
			const buffers = udpReceiveBufferDrops(tunnel[side].process.pid);
			return `${side}: TUN queue ${queue}, UDP buffers ${buffers}`;
		}),
	);
	return parts.join("; ");
}

/** Packets that the kernel had for the program and its TUN queue had no room for. */
async function tunQueueDrops(
	lab: Lab,
	side: "client" | "server",
	end: TunnelEnd,
): Promise<number> {
	const text = await lab[side].namespace.run([
		"cat",
		`/sys/class/net/${end.tunName}/statistics/tx_dropped`,
	]);
	return Number(text);
}
