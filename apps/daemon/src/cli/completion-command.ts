// The words of `tunscope completion`, which prints a script for a shell.

import { Argument, type Command } from "commander";
import { bashCompletionScript } from "./completion-script.js";
import { COMPLETION_EXAMPLES } from "./help-examples.js";

export function addCompletionCommand(
	program: Command,
	onScript: (script: string) => void,
): void {
	program
		.command("completion")
		.description("Prints a script that completes commands and options.")
		.addArgument(new Argument("<shell>", "which shell").choices(["bash"]))
		.helpOption("-h, --help", "print this help")
		.addHelpText("after", COMPLETION_EXAMPLES)
		.action(() => onScript(bashCompletionScript(program)));
}
