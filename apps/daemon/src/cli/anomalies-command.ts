// The words and options of `tunscope anomalies`.

import type { Command } from "commander";
import { ANOMALIES_EXAMPLES } from "./help-examples.js";

export interface AnomaliesQuestion {
	/** Empty: all tunnels. */
	readonly names: readonly string[];
	/** True: goes on with what comes, until it is ended. */
	readonly isFollowing: boolean;
	readonly isJson: boolean;
}

export function addAnomaliesCommand(
	program: Command,
	onAnomalies: (question: AnomaliesQuestion) => void,
): void {
	program
		.command("anomalies")
		.description(
			"Lists what was odd about the traffic of the tunnels that run on this host, and what to do about it.",
		)
		.argument("[NAME...]", "only these tunnels")
		.helpOption("-h, --help", "print this help")
		.option("-f, --follow", "go on with what comes, until Ctrl-C")
		.option("--json", "one JSON object per line, also on a terminal")
		.addHelpText("after", ANOMALIES_EXAMPLES)
		.action(
			(
				names: string[],
				{ follow = false, json = false }: { follow?: boolean; json?: boolean },
			) => onAnomalies({ names, isFollowing: follow, isJson: json }),
		);
}
