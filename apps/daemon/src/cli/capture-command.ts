// The words and options of `tunscope capture`.

import type { Command } from "commander";
import { CAPTURE_EXAMPLES } from "./help-examples.js";

export interface CaptureQuestion {
	readonly name: string;
	/** Null: standard output. */
	readonly outputPath: string | null;
	/** True: goes on with what comes, until it is ended. */
	readonly isFollowing: boolean;
}

interface CaptureFlags {
	readonly output?: string;
	readonly follow?: true;
}

export function addCaptureCommand(
	program: Command,
	onCapture: (question: CaptureQuestion) => void,
): void {
	program
		.command("capture")
		.description(
			"Writes the last packets of a tunnel's TUN as pcapng; the tunnel must run with --capture.",
		)
		.argument("<NAME>", "the tunnel, as `tunscope status` calls it")
		.helpOption("-h, --help", "print this help")
		.option("-o, --output <FILE>", "a file instead of standard output")
		.option("-f, --follow", "go on with what comes, until Ctrl-C")
		.addHelpText("after", CAPTURE_EXAMPLES)
		.action((name: string, { output = "-", follow }: CaptureFlags) =>
			onCapture({
				name,
				outputPath: output === "-" ? null : output,
				isFollowing: follow ?? false,
			}),
		);
}
