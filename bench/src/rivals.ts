// The rivals: genuine Phantun where it is installed, and why udp2raw has no column.

import { findPhantun } from "@tunscope/e2e/interop";
import {
	ours,
	runCommand,
	stockLikeTunnel,
	whyNoDaemon,
} from "@tunscope/e2e/netlab";
import type { TunnelKinds } from "./lab/column.js";

export interface Rivals {
	readonly kinds: TunnelKinds;
	/** "" when stock is here. */
	readonly stockAbsence: string;
	/** A line each for the report. */
	readonly absent: readonly string[];
}

async function whyNoUdp2raw(): Promise<string> {
	const policy = await runCommand(["apt-cache", "policy", "udp2raw"]).catch(
		() => "",
	);
	return policy.includes("Candidate:")
		? "udp2raw: not run; apt offers it here, but this benchmark has no driver for it."
		: "udp2raw: not run; Debian has no such package (`apt-cache policy udp2raw` is empty), and its source cannot be reached from here.";
}

/** @throws Error when our own daemon is not built: there would be nothing to measure. */
export async function findRivals(): Promise<Rivals> {
	const noDaemon = whyNoDaemon();
	if (noDaemon !== null) throw new Error(noDaemon);
	const udp2raw = await whyNoUdp2raw();
	const search = findPhantun();
	if (search.isPresent)
		return {
			kinds: { ours, stock: stockLikeTunnel(search.program) },
			stockAbsence: "",
			absent: [udp2raw],
		};
	return {
		kinds: { ours, stock: null },
		stockAbsence: search.reason,
		absent: [`stock Phantun: not run; ${search.reason}.`, udp2raw],
	};
}
