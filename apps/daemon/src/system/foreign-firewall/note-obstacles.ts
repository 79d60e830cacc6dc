// The look at other firewalls before a tunnel runs, for scripts and checks: only sentences, nothing is changed.

import type { RunCommand } from "../run-command.js";
import { SystemError } from "../system-error.js";
import { ForeignFirewall } from "./foreign-firewall.js";
import type { TunnelPlace } from "./tunnel-packet.js";

/** Without the right to list rules it says so, and goes on. */
export async function noteObstacles(question: {
	readonly run: RunCommand;
	readonly ownTable: string;
	readonly place: TunnelPlace;
	readonly onNotice: (message: string) => void;
}): Promise<void> {
	const { run, ownTable, place, onNotice } = question;
	const foreign = new ForeignFirewall({
		run,
		ownTable,
		isAllowed: false,
		record: () => Promise.resolve(),
		onNotice,
	});
	try {
		await foreign.look(place);
	} catch (error) {
		if (!(error instanceof SystemError)) throw error;
		onNotice(`Other firewalls could not be looked at: ${error.message}`);
	}
}
