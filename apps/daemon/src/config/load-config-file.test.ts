import { mkdtempSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { ConfigFileError } from "./config-file-error.js";
import { loadConfigFile, parseConfigFile } from "./load-config-file.js";
import { nearestName } from "./nearest-name.js";

const CLIENT = `tunnels:
  home:
    role: client
    local: 127.0.0.1:51821
    remote: server.example:4567
`;

function problemsOf(source: string): readonly string[] {
	try {
		parseConfigFile(source, "t.yaml");
	} catch (error) {
		if (error instanceof ConfigFileError) return error.problems;
		throw error;
	}
	return [];
}

describe("a configuration file", () => {
	it("gives requests with the command line's defaults, and knows what was only a default", () => {
		const { requests, logLevel, stateDirectory } = parseConfigFile(
			`${CLIENT}    tun-local: 10.0.0.1\n    idle-timeout: 3m\n    interface: eth0\n    handshake-packet: first.bin\n`,
			"/etc/tunscope/t.yaml",
		);
		expect({ logLevel, stateDirectory }).toEqual({
			logLevel: "info",
			stateDirectory: null,
		});
		expect(requests).toMatchObject([
			{
				config: {
					name: "home",
					role: "client",
					listen: { address: "127.0.0.1", port: 51_821 },
					remote: { host: "server.example", port: 4_567 },
					tun: { name: "ts-home", local4: "10.0.0.1", peer4: "192.168.200.2" },
					idleTimeoutMs: 180_000,
					interfaces: ["eth0"],
					handshakePacketPath: "/etc/tunscope/first.bin",
					maxFlows: 8_192,
				},
				isFixed: { tunName: false, ipv4: true, ipv6: false },
			},
		]);
	});

	it.each([
		[
			"an unknown key, with the nearest right one",
			`${CLIENT}    idle_timout: 3m\n`,
			/^t\.yaml:6:5: "idle_timout" is no key of a tunnel\. Did you mean idle-timeout\? Allowed: role, local,/,
		],
		[
			"an unknown key of the file",
			`log-levle: info\n${CLIENT}`,
			/^t\.yaml:1:1: "log-levle" is no key of this file\. Did you mean log-level\?/,
		],
		[
			"a number out of its range",
			`${CLIENT}    link-mtu: 70000\n`,
			/^t\.yaml:6:15: link-mtu: 70000 is wrong\. Expected `auto` or a number of bytes from 576 to 65535\./,
		],
		[
			"a word that is none of the choices",
			`${CLIENT}    wire-profile: stockexact\n`,
			/^t\.yaml:6:19: wire-profile: "stockexact" is wrong\. Did you mean stock-exact\? Allowed: `default`, `stock-exact`\./,
		],
		[
			"YAML 1.1's yes",
			`${CLIENT}    ipv4-only: yes\n`,
			/^t\.yaml:6:16: ipv4-only: "yes" is wrong\. Allowed: `true`, `false`\./,
		],
		[
			"a wrong item of a list",
			`${CLIENT}    interface: [eth0, "a b"]\n`,
			/^t\.yaml:6:23: interface \(item 2\): "a b" is wrong\./,
		],
		[
			"a client with a server's port",
			CLIENT.replace("127.0.0.1:51821", "51821"),
			/^t\.yaml:4:12: local: 51821 is wrong\. A client listens on IP:PORT/,
		],
		[
			"a missing key",
			CLIENT.replace(/ {4}remote.*\n/, ""),
			/^t\.yaml:2:3: "remote" is missing in tunnel home; allowed: `IP:PORT`/,
		],
		[
			"a misspelt role",
			CLIENT.replace("role: client", "rolle: client"),
			/"rolle" is no key of a tunnel\. Did you mean role\?/,
		],
		[
			"a key without a value",
			`${CLIENT}    tun:\n`,
			/^t\.yaml:6:5: tun has no value\./,
		],
		[
			"two ends with one address, one of them by default",
			`${CLIENT}    tun-local: 192.168.200.2\n`,
			/^t\.yaml:6:16: tun-local: "192\.168\.200\.2" is wrong\. The TUN's two ends need two addresses/,
		],
		[
			"an address in brackets without quotes",
			CLIENT.replace("127.0.0.1:51821", "[::1]:51821"),
			/^t\.yaml:4:17: Put an address in brackets into quotes, like "\[::1\]:51821"/,
		],
		["a tab", "tunnels:\n\thome: 1\n", /^t\.yaml:2:1: YAML is indented with/],
		[
			"a key that stands twice",
			`${CLIENT}    role: client\n`,
			/^t\.yaml:6:5: This key stands here a second time\./,
		],
		["no tunnel", "tunnels: {}\n", /^t\.yaml:1:10: tunnels: There must be at/],
		["an empty file", "", /^t\.yaml:1:1: Allowed: keys and their values/],
		["a list", "- a\n", /^t\.yaml:1:1: Allowed: keys and their values/],
		["an alias to nothing", "tunnels: *x\n", /^t\.yaml:1:1: Unresolved alias/],
		[
			"a second document",
			`${CLIENT}---\na: 1\n`,
			/The file holds a second document/,
		],
	])("is refused for %s", (_what, source, expected) => {
		expect(problemsOf(source).join("\n")).toMatch(expected);
	});

	it("tells all problems at once, in the file's order", () => {
		const problems = problemsOf(
			`log-level: loud\n${CLIENT}    max-flows: 0\n    x: 1\n`,
		);
		expect(problems.map((line) => line.split(":")[1])).toEqual(["1", "7", "8"]);
	});

	it("finds what two tunnels cannot both have, and lets two servers share a port on different interfaces", () => {
		const server = (name: string, rest: string) =>
			`  ${name}: { role: server, local: 4567, remote: "h:1"${rest} }\n`;
		const file = (...entries: string[]) => `tunnels:\n${entries.join("")}`;
		expect(problemsOf(file(server("a", ""), server("b", "")))).toEqual([
			"t.yaml:3:29: local: 4567 is wrong. Tunnel a has this already; each tunnel needs its own.",
		]);
		expect(
			problemsOf(
				file(
					server("a", ", interface: eth0"),
					server("b", ", interface: eth1"),
				),
			),
		).toEqual([]);
		expect(
			problemsOf(
				file(
					server("a-b", ", interface: eth0"),
					server("a_b", ", interface: eth1"),
				),
			)[0],
		).toContain("differ only in dashes and underscores");
	});

	it("is refused when it cannot be read, is no text, or is far too large", () => {
		const folder = mkdtempSync(join(tmpdir(), "tunscope-config-"));
		const path = join(folder, "t.yaml");
		const unreadable = expect.objectContaining({
			code: "CONFIG_FILE_UNREADABLE",
		});
		expect(() => loadConfigFile(path)).toThrow(unreadable);
		writeFileSync(path, Buffer.from([0xff, 0xfe, 0x00]));
		expect(() => loadConfigFile(path)).toThrow(unreadable);
		truncateSync(path, 1_048_577);
		expect(() => loadConfigFile(path)).toThrow(unreadable);
		writeFileSync(path, CLIENT);
		expect(loadConfigFile(path).requests).toHaveLength(1);
		rmSync(folder, { recursive: true });
	});
});

describe("the nearest name", () => {
	it("forgives case, separators and a slip in three letters, and no more", () => {
		const keys = ["idle-timeout", "link-mtu", "tun", "role"];
		for (const [written, expected] of [
			["idleTimeout", "idle-timeout"],
			["IDLE_TIMEOUT", "idle-timeout"],
			["idl-timeot", "idle-timeout"],
			["linkmut", "link-mtu"],
			["password", null],
			["x", null],
		] as const)
			expect(nearestName(written, keys), written).toBe(expected);
		expect(nearestName("tun", [])).toBeNull();
	});
});
