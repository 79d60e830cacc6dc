import { describe, expect, it } from "vitest";
import { parseConfigFile } from "../load-config-file.js";
import { convertCommands } from "./convert-commands.js";
import { findCommands } from "./found-command.js";

interface Converted {
	readonly requests: ReturnType<typeof parseConfigFile>["requests"];
	readonly logLevel: string;
	readonly notes: readonly string[];
	readonly text: string;
}

/** What the text becomes, as `tunscope up` would read it. */
function convert(source: string): Converted {
	const { text, notes, isUsable } = convertCommands(findCommands(source));
	expect(isUsable).toBe(true);
	const { requests, logLevel } = parseConfigFile(text, "t.yaml");
	return { requests, logLevel, notes, text };
}

const PHANTUN_UNIT = `# /etc/systemd/system/phantun.service
[Unit]
Description=Phantun
After=network.target

[Service]
Type=simple
Environment="RUST_LOG=debug"
ExecStartPre=-/usr/sbin/iptables -t nat -A PREROUTING -p tcp -i eth0 --dport 4567 -j DNAT --to-destination 192.168.201.2
ExecStart=/usr/local/bin/phantun_server --local 4567 \\
    --remote 127.0.0.1:51820
Restart=always
`;

describe("Phantun's command lines", () => {
	it.each([
		[
			"its README's client",
			"RUST_LOG=info /usr/local/bin/phantun_client --local 127.0.0.1:1234 --remote 10.0.0.1:4567",
			{
				name: "client_1234",
				role: "client",
				listen: { address: "127.0.0.1", port: 1_234 },
				remote: { host: "10.0.0.1", port: 4_567 },
			},
		],
		[
			"its README's server",
			"phantun_server --local 4567 --remote 127.0.0.1:1234",
			{ role: "server", listen: { address: "::", port: 4_567 } },
		],
		[
			"every flag, in its short and attached forms",
			`sudo nohup ./phantun-client -l'[::1]:1234' --remote=vpn.example.net:4567 --tun tun7 --tun-local 10.1.1.1 --tun-peer=10.1.1.2 --tun-local6 fd00::1 --tun-peer6 fd00::2 -4 --handshake-packet "/etc/a packet" >/dev/null 2>&1 &`,
			{
				listen: { address: "::1", port: 1_234 },
				remote: { host: "vpn.example.net", port: 4_567 },
				tun: {
					name: "tun7",
					local4: "10.1.1.1",
					peer4: "10.1.1.2",
					local6: "fd00::1",
					peer6: "fd00::2",
				},
				ipv4Only: true,
				handshakePacketPath: "/etc/a packet",
			},
		],
	])("carries over %s", (_what, line, expected) => {
		const { requests, notes } = convert(line);
		expect(requests).toMatchObject([{ config: expected }]);
		expect(notes).toEqual([]);
	});

	it("carries over a unit file, and says that its firewall rule is not", () => {
		const { requests, logLevel, notes } = convert(PHANTUN_UNIT);
		expect(requests).toMatchObject([
			{ config: { name: "server_4567", remote: { port: 51_820 } } },
		]);
		expect(logLevel).toBe("debug");
		expect(notes).toHaveLength(1);
		expect(notes[0]).toMatch(/^Not carried over: `ExecStartPre=.*iptables/);
	});

	it.each([
		["trace", "trace", 0],
		["off", "silent", 0],
		["warn,phantun=debug", "warn", 1],
		["phantun=debug", "debug", 0],
		["mio::poll=trace", "info", 1],
	])("takes RUST_LOG=%s as %s", (value, expected, noteCount) => {
		const { logLevel, notes } = convert(
			`RUST_LOG=${value} phantun_server --local 1 --remote 127.0.0.1:2`,
		);
		expect(logLevel).toBe(expected);
		expect(notes).toHaveLength(noteCount);
	});

	it("says what it does not know, once, and never repeats what may be secret", () => {
		const { notes, text } = convert(
			"phantun_server --local 4567 --remote 127.0.0.1:2 --obfuscate s3cret --fast",
		);
		expect(notes).toEqual([
			"server_4567: --obfuscate is not known and was left out, with its value.",
			"server_4567: --fast is not known and was left out.",
		]);
		expect(text).toContain("# --fast is not known");
		expect(text).not.toContain("s3cret");
	});

	it("says what is still missing, and that a variable's value is not known", () => {
		const { notes } = convertCommands(
			findCommands("phantun_server --local $PORT --remote 127.0.0.1:2"),
		);
		expect(notes[0]).toContain("--local $PORT: the variable's value");
		expect(notes[1]).toContain('"local" is missing in tunnel server');
	});
});

const UDP2RAW_SERVER =
	'./udp2raw_amd64 -s -l0.0.0.0:4096 -r 127.0.0.1:7777 -k "s3cret word" --raw-mode faketcp -a --cipher-mode xor';
const UDP2RAW_CLIENT =
	"/usr/bin/udp2raw -c -l0.0.0.0:3333 -r44.55.66.77:4096 -k s3cret --raw-mode faketcp --dev eth0 --log-level 5 --seq-mode 3";

describe("udp2raw's command lines", () => {
	it("carries over a server's addresses, and names what is not carried over by flag", () => {
		const { requests, notes, text } = convert(UDP2RAW_SERVER);
		expect(requests).toMatchObject([
			{
				config: {
					name: "server_4096",
					listen: { port: 4_096 },
					remote: { host: "127.0.0.1", port: 7_777 },
				},
			},
		]);
		for (const flag of ["-k", "-a", "--cipher-mode xor"])
			expect(
				notes.some((note) => note.includes(` ${flag} `)),
				flag,
			).toBe(true);
		expect(notes[0]).toContain("do not understand each other");
		expect(`${notes.join()}${text}`).not.toContain("s3cret");
	});

	it("carries over a client, its interface and its log level", () => {
		const { requests, logLevel, notes } = convert(UDP2RAW_CLIENT);
		expect(requests).toMatchObject([
			{
				config: {
					role: "client",
					listen: { address: "0.0.0.0", port: 3_333 },
					remote: { host: "44.55.66.77", port: 4_096 },
					interfaces: ["eth0"],
				},
			},
		]);
		expect(logLevel).toBe("debug");
		expect(notes.some((note) => note.includes("--seq-mode 3"))).toBe(true);
	});

	it("reads a --conf-file", () => {
		const { requests, notes } = convert(
			"-s\n# a comment\n-l 192.0.2.1:4096\n-r 127.0.0.1:7777\n--raw-mode icmp\n",
		);
		expect(requests).toMatchObject([{ config: { listen: { port: 4_096 } } }]);
		expect(notes.some((note) => note.includes("--raw-mode icmp"))).toBe(true);
		expect(notes.some((note) => note.includes("`interface`"))).toBe(true);
	});

	it("asks for the role where there is neither -s nor -c", () => {
		const { notes, isUsable } = convertCommands(
			findCommands("udp2raw -l 0.0.0.0:1 -r 192.0.2.1:2"),
		);
		expect(isUsable).toBe(false);
		expect(notes.some((note) => note.includes("neither -s nor -c"))).toBe(true);
	});
});

describe("several command lines", () => {
	it("become several tunnels with names of their own; other lines are none", () => {
		const { requests } = convert(
			`#!/bin/sh\nsleep 1\n${UDP2RAW_CLIENT} &\n${UDP2RAW_SERVER} &\nphantun_client -l 127.0.0.1:3333 -r h:2 &\n`,
		);
		expect(requests.map(({ config }) => config.name)).toEqual([
			"client_3333",
			"server_4096",
			"client_3333_2",
		]);
	});

	it("are none in a text without them", () => {
		for (const text of ["", "hello", "ExecStart=/usr/bin/true", "\n\n# x"])
			expect(findCommands(text).commands, text).toEqual([]);
	});
});
