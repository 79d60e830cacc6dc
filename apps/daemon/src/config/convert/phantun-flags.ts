// The flags of phantun_client and phantun_server (0.8.1): all of them can be carried over.

import { carried, type Draft, type KnownFlag } from "./flag-table.js";

const VALUES = [
	[["-l", "--local"], "local"],
	[["-r", "--remote"], "remote"],
	[["--tun"], "tun"],
	[["--tun-local"], "tun-local"],
	[["--tun-peer"], "tun-peer"],
	[["--tun-local6"], "tun-local6"],
	[["--tun-peer6"], "tun-peer6"],
	[["--handshake-packet"], "handshake-packet"],
] as const;

export const PHANTUN_FLAGS: readonly KnownFlag[] = [
	...VALUES.map(([names, key]) => ({
		names,
		takesValue: true,
		apply: carried(key),
	})),
	{
		names: ["-4", "--ipv4-only"],
		takesValue: false,
		apply: (draft) => draft.keys.set("ipv4-only", true),
	},
];

const LEVELS: Readonly<Record<string, string>> = {
	trace: "trace",
	debug: "debug",
	info: "info",
	warn: "warn",
	error: "error",
	off: "silent",
};

/** RUST_LOG: a level, or levels by module; the most general one counts. */
export function applyRustLog(draft: Draft, value: string): void {
	const words = value.split(",").map((word) => word.trim().toLowerCase());
	const level = words.find((word) => word in LEVELS);
	const ofPhantun = words
		.find((word) => /^phantun(::\w+)*=/.test(word))
		?.split("=")[1];
	draft.logLevel = LEVELS[level ?? ofPhantun ?? ""] ?? null;
	if (draft.logLevel === null || words.length > 1)
		draft.notes.push(
			`RUST_LOG=${value}: there are no levels by module here, one \`log-level\` counts for all.`,
		);
}
