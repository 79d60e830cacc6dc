// Reads one line of a control connection; whoever connects may send anything, and gets a sentence for it.

import type { ControlAnswer, ControlRequest } from "@tunscope/shared/lean";
import { isJsonObject } from "../config/json-value.js";

/** Longest request, in bytes. */
export const MAX_REQUEST_BYTES = 1_024;

/** Checked by hand: the schema's library is not loaded in a daemon that carries traffic. */
export function parseControlRequest(
	line: string,
): ControlRequest | { readonly refusal: string } {
	let value: unknown;
	try {
		value = JSON.parse(line);
	} catch {
		return { refusal: "The request is not one line of JSON." };
	}
	if (!isJsonObject(value))
		return { refusal: "The request is not a JSON object." };
	if (value.version !== 1) {
		return {
			refusal:
				"This instance speaks version 1 of the control protocol: use the tunscope command that it was started with.",
		};
	}
	if (value.request !== "status" || Object.keys(value).length !== 2)
		return { refusal: 'The only request so far is "status".' };
	return { version: 1, request: "status" };
}

export function refusal(message: string): ControlAnswer {
	return { version: 1, kind: "error", message };
}
