import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { CONFIG_KEYS, type ConfigKey } from "@tunscope/shared";
import { describe, expect, it } from "vitest";
import { createProgram } from "../cli/command-line.js";
import { parseConfigFile } from "./load-config-file.js";

const ROOT = new URL("../../../../", import.meta.url);
const EXAMPLE = fileURLToPath(new URL("tunscope.example.yaml", ROOT));
const document = readFileSync(new URL("docs/configuration.md", ROOT), "utf8");

/** Values for keys whose default is no text that could stand there. */
const SAMPLES: Readonly<Record<string, string>> = {
	tun: "ts-home",
	"tun-local": "192.168.200.1",
	"tun-peer": "192.168.200.2",
	"tun-local6": "fcc8::1",
	"tun-peer6": "fcc8::2",
	"handshake-packet": "first-packet.bin",
	interface: "[]",
};

function rowOf({ key, defaultText, allowed, meaning }: ConfigKey): string {
	const byDefault =
		defaultText === null ? "required" : defaultText.replaceAll("|", "\\|");
	return `| \`${key}\` | ${byDefault} | ${allowed} | ${meaning} |`;
}

function rowsOf(section: string): readonly string[] {
	const text =
		document.split(/^## /m).find((part) => part.startsWith(section)) ?? "";
	return text.split("\n").filter((line) => line.startsWith("| `"));
}

function commented(key: ConfigKey, indent: string): string[] {
	const { meaning, allowed, defaultText } = key;
	return [
		"",
		`${indent}# ${meaning}`,
		`${indent}# Allowed: ${allowed}.`,
		`${indent}# ${key.key}: ${SAMPLES[key.key] ?? defaultText ?? ""}`,
	];
}

/** The example as the schema wants it. `npx vitest run -u` in this folder writes it anew. */
function exampleText(): string {
	const optional = CONFIG_KEYS.tunnel.filter(
		({ defaultText }) => defaultText !== null,
	);
	const top = CONFIG_KEYS.top.filter(({ key }) => key !== "tunnels");
	return [
		"# The configuration of `tunscope up`: copy it to /etc/tunscope/tunscope.yaml and change it there.",
		"# Every key that there is stands here, with its default where it is commented out; docs/configuration.md explains.",
		...top.flatMap((key) => commented(key, "")),
		"",
		"tunnels:",
		"  # What comes to UDP 127.0.0.1:51821 goes to the server. WireGuard's Endpoint is 127.0.0.1:51821 then.",
		"  home:",
		"    role: client",
		"    local: 127.0.0.1:51821",
		"    remote: server.example:4567",
		...optional.flatMap((key) => commented(key, "    ")),
		"",
		"  # What clients send to TCP port 4567 of this host goes to the UDP service on port 51820, such as WireGuard.",
		"  office:",
		"    role: server",
		"    local: 4567",
		"    remote: 127.0.0.1:51820",
		"",
	].join("\n");
}

describe("docs/configuration.md", () => {
	it("has exactly the schema's keys, each with its default, what is allowed and its meaning", () => {
		expect(rowsOf("Keys of the file")).toEqual(CONFIG_KEYS.top.map(rowOf));
		expect(rowsOf("Keys of a tunnel")).toEqual(CONFIG_KEYS.tunnel.map(rowOf));
	});

	it("has every flag of client and server among the keys, but for those that belong to the process", () => {
		const ofProcess = ["version", "json", "anomalies", "log-level"];
		const ofClients = ["rotate-every"];
		const keys = CONFIG_KEYS.tunnel.map(({ key }) => key).sort();
		const { commands } = createProgram({
			version: "0",
			onOutcome: () => undefined,
			output: {},
		});
		for (const role of ["client", "server"]) {
			const flags = commands
				.filter((command) => command.name() === role)
				.flatMap(({ options }) => options)
				.map(({ long }) => (long ?? "").replace(/^--/, ""));
			const expected = flags.filter((flag) => !ofProcess.includes(flag));
			const others = role === "client" ? ["role"] : ["role", ...ofClients];
			expect([...expected, ...others].sort()).toEqual(keys);
		}
	});
});

describe("tunscope.example.yaml", () => {
	it("has every key of the schema, with its default, what is allowed and its meaning", async () => {
		await expect(exampleText()).toMatchFileSnapshot(EXAMPLE);
	});

	it("means the same with every default written out", () => {
		const text = readFileSync(EXAMPLE, "utf8");
		const written = text
			.replaceAll(/^( *)# ([a-z0-9-]+:) /gm, "$1$2 ")
			.replaceAll(/^ *handshake-packet: .*\n/gm, "");
		expect(written).toMatch(/^ {4}idle-timeout: 180$/m);
		const plain = parseConfigFile(text, "/example.yaml");
		const full = parseConfigFile(written, "/example.yaml");
		expect(full.requests.map(({ config }) => config)).toEqual(
			plain.requests.map(({ config }) => config),
		);
		expect(full.logLevel).toBe(plain.logLevel);
	});
});
