// Finds the command lines of Phantun and udp2raw in a text: a unit file, a script, a udp2raw configuration file.

import { shellWords } from "./shell-words.js";

export interface FoundCommand {
	readonly program: "phantun-client" | "phantun-server" | "udp2raw";
	readonly flags: readonly string[];
	readonly environment: ReadonlyMap<string, string>;
}

export interface FoundCommands {
	readonly commands: readonly FoundCommand[];
	/** A sentence per line that does something beside them which will be missing. */
	readonly notes: readonly string[];
}

/** In front of a program's name, without a meaning for the tunnel. */
const WRAPPERS = new Set(["sudo", "exec", "nohup", "env", "setsid", "doas"]);
const HOST_PROGRAMS = /\b(iptables|ip6tables|nft|sysctl|firewall-cmd|ufw)\b/;

export function findCommands(text: string): FoundCommands {
	const lines = text
		.replaceAll("\r", "")
		.replaceAll(/\\\n\s*/g, " ")
		.split("\n")
		.map((line) => line.trim())
		.filter((line) => line !== "" && !/^[#;]/.test(line));
	const unitEnvironment = new Map<string, string>();
	const commands: FoundCommand[] = [];
	const notes: string[] = [];
	for (const line of lines) {
		const [, assignments] = /^Environment=(.*)$/.exec(line) ?? [];
		if (assignments !== undefined) {
			for (const word of shellWords(assignments)) assign(unitEnvironment, word);
			continue;
		}
		// systemd: @, -, :, + and ! before the path have a meaning for systemd only.
		const command = line.replace(/^ExecStart=[@:+!-]*/, "");
		const found = commandOf(shellWords(command), unitEnvironment);
		if (found !== null) commands.push(found);
		else if (HOST_PROGRAMS.test(line))
			notes.push(
				`Not carried over: \`${line}\`. With \`host-setup: auto\` tunscope makes the rules and settings that it needs itself, and undoes them; rules of your own for the old tunnel can go.`,
			);
	}
	if (commands.length === 0 && lines.every((line) => line.startsWith("-")))
		return { commands: bareFlags(lines), notes };
	return { commands, notes };
}

/** udp2raw's --conf-file: flags only, some in each line. */
function bareFlags(lines: readonly string[]): readonly FoundCommand[] {
	if (lines.length === 0) return [];
	const flags = lines.flatMap(shellWords);
	return [{ program: "udp2raw", flags, environment: new Map() }];
}

/** Null when the words start another program. */
export function commandOf(
	words: readonly string[],
	outerEnvironment: ReadonlyMap<string, string>,
): FoundCommand | null {
	const environment = new Map(outerEnvironment);
	for (const [place, word] of words.entries()) {
		if (assign(environment, word) || WRAPPERS.has(word)) continue;
		const program = programOf(word);
		return program === null
			? null
			: { program, flags: words.slice(place + 1), environment };
	}
	return null;
}

function assign(environment: Map<string, string>, word: string): boolean {
	const [, name, value] = /^([A-Za-z_]\w*)=(.*)$/.exec(word) ?? [];
	if (name === undefined || value === undefined) return false;
	environment.set(name, value);
	return true;
}

/** By the file's name, which packages vary: udp2raw_amd64, phantun-server, phantun_client. */
function programOf(path: string): FoundCommand["program"] | null {
	const name = path.slice(path.lastIndexOf("/") + 1).toLowerCase();
	if (/^udp2raw/.test(name)) return "udp2raw";
	if (/^phantun[-_]client/.test(name)) return "phantun-client";
	return /^phantun[-_]server/.test(name) ? "phantun-server" : null;
}
