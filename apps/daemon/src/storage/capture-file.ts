// The file that a capture is written to: for its owner only, because it shows who talks to whom.

import { createWriteStream } from "node:fs";
import { pipeline } from "node:stream/promises";
import { errnoNameOf, SystemError } from "../system/system-error.js";

/** A file of that name is replaced. @throws SystemError OUTPUT_FILE_UNWRITABLE, and what `source` throws */
export async function writeCaptureFile(
	path: string,
	source: AsyncIterable<Uint8Array>,
): Promise<void> {
	try {
		await pipeline(source, createWriteStream(path, { mode: 0o600 }));
	} catch (error) {
		const errno = errnoNameOf(error);
		if (errno === null) throw error;
		throw new SystemError(
			{
				code: "OUTPUT_FILE_UNWRITABLE",
				message: `${path} cannot be written (${errno}).`,
				whatToDo: "Name another file.",
			},
			{ cause: error },
		);
	}
}
