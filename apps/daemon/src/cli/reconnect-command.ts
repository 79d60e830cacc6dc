// The words of `tunscope reconnect`.

import type { Command } from "commander";
import { RECONNECT_EXAMPLES } from "./help-examples.js";

export interface ReconnectQuestion {
	/** Empty: all tunnels that are clients. */
	readonly names: readonly string[];
}

export function addReconnectCommand(
	program: Command,
	onReconnect: (question: ReconnectQuestion) => void,
): void {
	program
		.command("reconnect")
		.description(
			"Lets a client's flows go on from new ports, each as soon as its new handshake is through.",
		)
		.argument("[NAME...]", "only these tunnels")
		.helpOption("-h, --help", "print this help")
		.addHelpText("after", RECONNECT_EXAMPLES)
		.action((names: string[]) => onReconnect({ names }));
}
