// The words and options of `tunscope status`.

import type { Command } from "commander";
import { STATUS_EXAMPLES } from "./help-examples.js";

export interface StatusQuestion {
	/** Empty: all tunnels. */
	readonly names: readonly string[];
	readonly isJson: boolean;
}

export function addStatusCommand(
	program: Command,
	onStatus: (question: StatusQuestion) => void,
): void {
	program
		.command("status")
		.description("Says how the tunnels that run on this host are doing.")
		.argument("[NAME...]", "only these tunnels")
		.helpOption("-h, --help", "print this help")
		.option("--json", "one JSON document, also on a terminal")
		.addHelpText("after", STATUS_EXAMPLES)
		.action((names: string[], { json = false }: { json?: boolean }) =>
			onStatus({ names, isJson: json }),
		);
}
