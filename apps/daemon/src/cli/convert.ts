// `tunscope convert`: command lines and unit files of Phantun and udp2raw in, a configuration file out.

import type { ExitCode } from "./exit-codes.js";
import { EXIT } from "./exit-codes.js";
import type { FileQuestion } from "./file-commands.js";

export async function runConvert(
	_question: Extract<FileQuestion, { readonly kind: "convert" }>,
): Promise<ExitCode> {
	return EXIT.internal;
}
