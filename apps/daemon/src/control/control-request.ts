// Reads one line of a control connection; whoever connects may send anything, and gets a sentence for it.

import {
	CONTROL_VERSION,
	type ControlAnswer,
	type ControlRequest,
} from "@tunscope/shared/lean";
import { isJsonObject, type JsonObject } from "../config/json-value.js";

/** Longest request, in bytes. */
export const MAX_REQUEST_BYTES = 16_384;
const MAX_NAME_CHARACTERS = 64;
const MAX_NAMES = 200;

/** Why a request was not carried out; what a program may look at, beside the sentence for a person. */
type RefusalCode =
	| "bad-request"
	| "other-version"
	| "unknown-tunnel"
	| "no-capture"
	| "too-many-viewers"
	| "failed";

export interface Refusal {
	readonly refused: ControlAnswer;
}

/** Checked by hand: the schema's library is not loaded in a daemon that carries traffic. */
export function parseControlRequest(line: string): ControlRequest | Refusal {
	let value: unknown;
	try {
		value = JSON.parse(line);
	} catch {
		return bad("The request is not one line of JSON.");
	}
	if (!isJsonObject(value)) return bad("The request is not a JSON object.");
	if (value.version !== CONTROL_VERSION) return otherVersion(value.version);
	return (
		readRequest(value) ??
		bad(
			'The requests are "status", "capture", "reconnect" and "anomalies"; this is none, or it has a part too much, too little or of the wrong kind.',
		)
	);
}

export function refuse(code: RefusalCode, message: string): Refusal {
	return {
		refused: { version: CONTROL_VERSION, kind: "error", code, message },
	};
}

/** In the asker's own version, so that it is understood there. */
function otherVersion(version: unknown): Refusal {
	const theirs =
		typeof version === "number" && Number.isInteger(version)
			? version
			: CONTROL_VERSION;
	return {
		refused: {
			version: theirs,
			kind: "error",
			code: "other-version",
			message: `This instance speaks version ${CONTROL_VERSION} of the control protocol: use the tunscope command that it was started with.`,
		},
	};
}

function bad(message: string): Refusal {
	return refuse("bad-request", message);
}

function readRequest(value: JsonObject): ControlRequest | null {
	const version = CONTROL_VERSION;
	const { request, tunnel, tunnels, isFollowing } = value;
	const parts = Object.keys(value).length;
	if (request === "status" && parts === 2) return { version, request };
	if (
		request === "capture" &&
		parts === 4 &&
		isName(tunnel) &&
		typeof isFollowing === "boolean"
	)
		return { version, request, tunnel, isFollowing };
	if (request === "reconnect" && parts === 3 && isNameList(tunnels))
		return { version, request, tunnels };
	if (
		request === "anomalies" &&
		parts === 4 &&
		isNameList(tunnels) &&
		typeof isFollowing === "boolean"
	)
		return { version, request, tunnels, isFollowing };
	return null;
}

function isNameList(value: unknown): value is string[] {
	return (
		Array.isArray(value) && value.length <= MAX_NAMES && value.every(isName)
	);
}

function isName(value: unknown): value is string {
	return (
		typeof value === "string" &&
		value.length > 0 &&
		value.length <= MAX_NAME_CHARACTERS
	);
}
