// The flags of udp2raw (20230206): addresses are carried over; encryption and other raw modes have no counterpart.

import {
	carried,
	type Draft,
	type KnownFlag,
	leftOut,
	needless,
} from "./flag-table.js";

const NO_ENCRYPTION =
	"is not carried over: tunscope does not encrypt and has no password. What goes through it must protect itself, as WireGuard does.";
const NO_RAW_RULES =
	"is not needed: tunscope makes its firewall rules itself, and removes them.";
const OWN_WAY = "is not carried over: tunscope goes about it in its own way.";

/** never, fatal, error, warn, info, debug, trace. */
const LEVELS = ["silent", "fatal", "error", "warn", "info", "debug", "trace"];

export const UDP2RAW_FLAGS: readonly KnownFlag[] = [
	...switches(["-s"], (draft) => {
		draft.role = "server";
	}),
	...switches(["-c"], (draft) => {
		draft.role = "client";
	}),
	...values(["-l"], applyLocal),
	...values(["-r"], carried("remote")),
	...values(["--dev"], carried("interface")),
	...values(["--log-level"], (draft, value, name) => {
		const level = LEVELS[Number(value)];
		if (level === undefined)
			leftOut("is no level of udp2raw's.")(draft, value, name);
		else draft.logLevel = level;
	}),
	...values(["--raw-mode"], applyRawMode),
	// A password must not be repeated in a message.
	...values(["-k", "--key"], (draft, _value, name) =>
		leftOut(NO_ENCRYPTION)(draft, "", name),
	),
	...values(["--cipher-mode", "--auth-mode"], leftOut(NO_ENCRYPTION)),
	...switches(["--disable-anti-replay"], leftOut(NO_ENCRYPTION)),
	...switches(
		[
			"-a",
			"--auto-rule",
			"-g",
			"--gen-rule",
			"--keep-rule",
			"--clear",
			"--simple-rule",
			"--wait-lock",
		],
		leftOut(NO_RAW_RULES),
	),
	...values(
		["--source-ip", "--source-port"],
		leftOut(
			"is not carried over: the kernel chooses the source address, and every flow has a port of its own.",
		),
	),
	...values(
		[
			"--seq-mode",
			"--hb-mode",
			"--hb-len",
			"--mtu-warn",
			"--sock-buf",
			"--lower-level",
			"--fifo",
			"--random-drop",
			"--max-rst-to-show",
			"--max-rst-allowed",
			"--g-key-file",
		],
		leftOut(OWN_WAY),
	),
	...switches(
		[
			"--fix-gro",
			"--force-sock-buf",
			"--retry-on-error",
			"--easy-tcp",
			"--enable-color",
			"--disable-color",
			"--log-position",
			"--no-drop",
			"--no-rule-check",
		],
		needless,
	),
	...values(
		["--conf-file"],
		leftOut(
			"names a file with further flags: convert that one, too, or instead.",
		),
	),
];

function applyLocal(draft: Draft, value: string): void {
	draft.keys.set("local", value);
}

function applyRawMode(draft: Draft, value: string, name: string): void {
	if (
		value === "faketcp" ||
		value === "easy-faketcp" ||
		value === "easyfaketcp"
	)
		return;
	leftOut(
		"is not carried over: tunscope carries UDP in fake TCP and in nothing else.",
	)(draft, value, name);
}

/** udp2raw gives a server IP:PORT, tunscope a port: known only when all flags are read. */
export function finishUdp2raw(draft: Draft): void {
	const local = draft.keys.get("local");
	draft.notes.unshift(
		"udp2raw and tunscope do not understand each other: convert the other end, too, and switch both at once.",
	);
	if (draft.role === null)
		draft.notes.push(
			"There is neither -s nor -c: say yourself whether it is a server or a client (role).",
		);
	if (draft.role !== "server" || typeof local !== "string") return;
	const [, address = "", port = ""] = /^(.*):(\d+)$/.exec(local) ?? [];
	draft.keys.set("local", port === "" ? local : Number(port));
	if (!["0.0.0.0", "[::]", ""].includes(address))
		draft.notes.push(
			`-l ${local}: a tunscope server answers on all addresses of its interfaces; restrict it with \`interface\`.`,
		);
}

function switches(
	names: readonly string[],
	apply: KnownFlag["apply"],
): KnownFlag[] {
	return [{ names, takesValue: false, apply }];
}

function values(
	names: readonly string[],
	apply: KnownFlag["apply"],
): KnownFlag[] {
	return [{ names, takesValue: true, apply }];
}
