import { readFileSync } from "node:fs";
import { tunnelConfigSchema } from "@tunscope/shared";
import { describe, expect, it } from "vitest";
import { createProgram, parseCommandLine } from "./command-line.js";
import { EXIT } from "./exit-codes.js";

const DOCS = new URL("../../../../docs/", import.meta.url);

function parse(line: string) {
	return parseCommandLine(
		line.split(" ").filter((word) => word !== ""),
		"1.2.3",
	);
}

function configOf(line: string) {
	const outcome = parse(line);
	if (outcome.kind !== "run") throw new Error(JSON.stringify(outcome));
	// The command line does not load the schema; whatever it lets through, the schema must too.
	expect(tunnelConfigSchema.parse(outcome.config)).toEqual(outcome.config);
	return outcome;
}

function complaintOf(line: string): string {
	const outcome = parse(line);
	expect(outcome.kind, line).toBe("usage-error");
	return outcome.kind === "usage-error" ? outcome.text : "";
}

describe("command line", () => {
	it("gives a client Phantun's defaults", () => {
		const { config, display } = configOf(
			"client -l 127.0.0.1:51821 -r vpn.example.net:4567",
		);
		expect(config).toEqual({
			name: "client_51821",
			role: "client",
			listen: { address: "127.0.0.1", port: 51_821 },
			remote: { host: "vpn.example.net", port: 4_567 },
			tun: {
				name: "",
				local4: "192.168.200.1",
				peer4: "192.168.200.2",
				local6: "fcc8::1",
				peer6: "fcc8::2",
			},
			ipv4Only: false,
			linkMtuBytes: "auto",
			oversize: "drop",
			idleTimeoutMs: 180_000,
			hostSetup: "auto",
			allowForeignFirewall: false,
			interfaces: [],
			onTunLost: "recreate",
			maxFlows: 8_192,
			wireProfile: "default",
		});
		expect(display).toEqual({
			logLevel: "info",
			json: false,
			anomalies: false,
		});
	});

	it("gives a server Phantun's defaults and a bare port", () => {
		const { config } = configOf("server --local 4567 --remote 127.0.0.1:51820");
		expect(config.listen.port).toBe(4_567);
		expect(config.tun).toEqual({
			name: "",
			local4: "192.168.201.1",
			peer4: "192.168.201.2",
			local6: "fcc9::1",
			peer6: "fcc9::2",
		});
	});

	it("takes every flag", () => {
		const { config, display } = configOf(
			"client -l [::1]:1 -r [2001:db8::1]:2 --tun tun9 --tun-local 10.0.0.1 --tun-peer 10.0.0.2 --tun-local6 fd00::1 --tun-peer6 fd00::2 -4 --handshake-packet /p --link-mtu 1400 --oversize fragment --idle-timeout 3m --host-setup off --allow-foreign-firewall --interface a --interface b --on-tun-lost exit --max-flows 9 --wire-profile stock-exact --log-level warn --json --anomalies",
		);
		expect(config).toEqual({
			name: "client_1",
			role: "client",
			listen: { address: "::1", port: 1 },
			remote: { host: "2001:db8::1", port: 2 },
			tun: {
				name: "tun9",
				local4: "10.0.0.1",
				peer4: "10.0.0.2",
				local6: "fd00::1",
				peer6: "fd00::2",
			},
			ipv4Only: true,
			handshakePacketPath: "/p",
			linkMtuBytes: 1_400,
			oversize: "fragment",
			idleTimeoutMs: 180_000,
			hostSetup: "off",
			allowForeignFirewall: true,
			interfaces: ["a", "b"],
			onTunLost: "exit",
			maxFlows: 9,
			wireProfile: "stock-exact",
		});
		expect(display).toEqual({
			logLevel: "warn",
			json: true,
			anomalies: true,
		});
	});

	it("tells what was said from what is so by default, also where both are the same", () => {
		const line = "client -l 127.0.0.1:1 -r h:2";
		const none = { tunName: false, ipv4: false, ipv6: false };
		expect(configOf(line).isFixed).toEqual(none);
		for (const [flags, fixed] of [
			["--tun tun3", { tunName: true }],
			["--tun-local 192.168.200.1", { ipv4: true }],
			["--tun-peer 192.168.200.2", { ipv4: true }],
			["--tun-local6 fcc8::1", { ipv6: true }],
			["--tun-peer6 fcc8::2", { ipv6: true }],
		] as const)
			expect(configOf(`${line} ${flags}`).isFixed, flags).toEqual({
				...none,
				...fixed,
			});
	});

	it("asks about files, by default about /etc/tunscope/tunscope.yaml", () => {
		const questionOf = (line: string) => {
			const outcome = parse(line);
			if (outcome.kind !== "file") throw new Error(outcome.kind);
			return outcome.question;
		};
		expect(questionOf("up")).toEqual({
			kind: "up",
			configPath: "/etc/tunscope/tunscope.yaml",
			stateDirectory: null,
			logLevel: null,
			json: false,
			anomalies: false,
		});
		expect(
			questionOf(
				"up -c a.yaml --state-dir /s --log-level warn --json --anomalies",
			),
		).toEqual({
			kind: "up",
			configPath: "a.yaml",
			stateDirectory: "/s",
			logLevel: "warn",
			json: true,
			anomalies: true,
		});
		expect(questionOf("check -q --config b.yaml")).toEqual({
			kind: "check",
			configPath: "b.yaml",
			stateDirectory: null,
			isQuiet: true,
		});
		expect(questionOf("convert phantun.service")).toEqual({
			kind: "convert",
			sourcePath: "phantun.service",
			words: [],
		});
		// Flags behind the dashes are another program's, also where they look like ours.
		expect(questionOf("convert -- udp2raw -s --help -c x -- y")).toEqual({
			kind: "convert",
			sourcePath: null,
			words: ["udp2raw", "-s", "--help", "-c", "x", "--", "y"],
		});
		expect(complaintOf("up --confg x")).toContain("Did you mean --config?");
		expect(complaintOf("up extra")).toContain("too many arguments");
	});

	it("lets the smallest and the largest value of every flag through to the schema", () => {
		const client = "client -l 127.0.0.1:1 -r";
		const longest = `${"a.".repeat(127)}a`;
		for (const flags of [
			`${longest}:65535`,
			"h:1 --max-flows 1 --link-mtu 576 --idle-timeout 1s",
			"h:1 --max-flows 65536 --link-mtu 65535 --idle-timeout 1d",
			"h:1 --tun tun%d --interface a23456789012345",
		]) {
			configOf(`${client} ${flags}`);
		}
		expect(complaintOf(`${client} ${longest}a:1`)).toContain("at most 255");
		expect(complaintOf("server -l 1 -r h:1 --handshake-packet ")).toContain(
			"argument missing",
		);
	});

	it("names the nearest flag and the nearest command", () => {
		expect(complaintOf("client -l 127.0.0.1:1 -r h:2 --max-flow 5")).toContain(
			"Did you mean --max-flows?",
		);
		expect(complaintOf("sever -l 1 -r h:2")).toContain("Did you mean server?");
	});

	it("says what is allowed", () => {
		const client = "client -l 127.0.0.1:1 -r h:2";
		expect(complaintOf(`${client} --wire-profile x`)).toContain(
			"default, stock-exact",
		);
		expect(complaintOf(`${client} --host-setup x`)).toContain(
			"auto, print, off",
		);
		expect(complaintOf(`${client} --on-tun-lost x`)).toContain(
			"recreate, exit",
		);
		expect(complaintOf(`${client} --oversize cut`)).toContain("drop, fragment");
		expect(complaintOf(`${client} --max-flows 0`)).toContain("from 1 to 65536");
		expect(complaintOf(`${client} --tun-peer 192.168.200.1`)).toContain(
			"must differ",
		);
		expect(complaintOf("client -r h:2")).toContain("--local");
		expect(complaintOf("client -l 127.0.0.1:1 -r h:2 extra")).toContain(
			"too many arguments",
		);
		expect(complaintOf("")).toContain("Usage: tunscope");
	});

	it("prints help with examples, and the version", () => {
		for (const [line, expected] of [
			["--help", "Examples:"],
			["client --help", "tunscope client --local 127.0.0.1:51821"],
			["server -h", "tunscope server --local 4567"],
			["--version", "tunscope 1.2.3"],
			["server -V", "tunscope 1.2.3"],
			["help", "Commands:"],
			["help client", "Usage: tunscope client [options]"],
			["help status", "Ends with 0 when all tunnels run"],
			["completion bash", "complete -F _tunscope tunscope"],
		] as const) {
			const outcome = parse(line);
			expect(outcome).toMatchObject({
				kind: "text",
				text: expect.stringContaining(expected),
			});
		}
	});
});

describe("the documentation", () => {
	it("has one row for every flag of each command, with its default, and none besides", () => {
		const text = readFileSync(new URL("command-line.md", DOCS), "utf8");
		const output = { writeOut: () => undefined, writeErr: () => undefined };
		for (const command of createProgram({
			version: "0",
			onOutcome: () => undefined,
			output,
		}).commands) {
			const section =
				text
					.split(/^## /m)
					.find((part) => part.startsWith(`\`tunscope ${command.name()}\``)) ??
				"";
			const rows = new Map(
				[...section.matchAll(/^\| `([^`]+)` \| ([^|]*) \|/gm)].map(
					([, flags = "", value = ""]) => [flags, value.trim()],
				),
			);
			const expected = command.options
				.filter(({ long }) => long !== "--version")
				.map(({ flags, defaultValue, defaultValueDescription, mandatory }) => {
					const value = defaultValueDescription ?? defaultValue;
					return [
						flags.replaceAll("|", "\\|"),
						mandatory ? "required" : value === undefined ? "" : `${value}`,
					] as const;
				});
			expect([...rows.keys()].sort()).toEqual(
				expected.map(([flags]) => flags).sort(),
			);
			for (const [flags, value] of expected)
				expect(rows.get(flags), flags).toBe(value);
		}
	});

	it("has one row for every exit code, and none besides", () => {
		const text = readFileSync(new URL("exit-codes.md", DOCS), "utf8");
		const documented = [...text.matchAll(/^\| (\d+) \|/gm)].map(([, code]) =>
			Number(code),
		);
		expect(documented).toEqual(Object.values(EXIT));
	});
});
