// The printed script against the real kernel: the same commands as `auto` runs, the same result, and nothing left of it.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
	TUN_ADDRESS_DEFAULTS,
	TUNNEL_DEFAULTS,
	type TunnelConfig,
} from "@tunscope/shared";
import {
	afterAll,
	afterEach,
	beforeAll,
	beforeEach,
	describe,
	expect,
	it,
} from "vitest";
import { removeFirewall } from "./firewall.js";
import { tableNameOf } from "./firewall-rules.js";
import { HostSetup } from "./host-setup.js";
import { writeHostSetupScript } from "./host-setup-script.js";
import type { HostState } from "./host-state.js";
import { HostStateRecord } from "./host-state-record.js";
import {
	fileHostStateStore,
	type HostStateStore,
	memoryHostStateStore,
} from "./host-state-store.js";
import { listLinks } from "./links.js";
import { readStartTicks } from "./process-identity.js";
import { formatCommand, type RunCommand } from "./run-command.js";
import { type SysctlFiles, sysctlName } from "./sysctl-files.js";
import {
	createNamespace,
	deleteNamespace,
	type Namespace,
	whyNoNamespaces,
} from "./testing/namespaces.js";

const REASON = whyNoNamespaces();
if (REASON !== null)
	console.log(`skipped: the printed script in namespaces: ${REASON}`);

const IDENTITY = { bootId: "this boot", namespaceCookie: null };
const NOTHING: HostState = {
	version: 1,
	...IDENTITY,
	instances: [],
	sysctls: [],
};
const REMOTES = [
	{ family: 4, address: "198.18.1.2", port: 4_567 },
	{ family: 6, address: "2001:db8:1::2", port: 4_567 },
] as const;

function configOf(role: TunnelConfig["role"]): TunnelConfig {
	return {
		name: `${role}_4567`,
		role,
		listen: { address: "::", port: 4_567 },
		remote: { host: "198.18.1.2", port: 4_567 },
		ipv4Only: false,
		interfaces: [],
		...TUNNEL_DEFAULTS,
		tun: { ...TUN_ADDRESS_DEFAULTS[role], name: "tun7" },
	};
}

let far: Namespace;
let host: Namespace;
let folder = "";
/** The host's settings, as a kernel before 6.17 shows them. */
let oldSysctls: SysctlFiles;

function print(
	config: TunnelConfig,
	more: Partial<Parameters<typeof writeHostSetupScript>[0]> = {},
): Promise<string> {
	return writeHostSetupScript({
		config,
		remotes: REMOTES,
		run: host.run,
		sysctls: host.sysctls,
		state: NOTHING,
		whyNoNftables: null,
		...more,
	});
}

function runScript(script: string, word: "" | "undo"): void {
	const path = join(folder, "setup.sh");
	writeFileSync(path, script);
	host.shell(`sh -e ${path} ${word}`);
}

interface Recorded {
	readonly lines: string[];
	readonly run: RunCommand;
	readonly sysctls: SysctlFiles;
}

/** Passes everything on to the host, and writes down what changes it, in the script's words. */
function recorded(sysctls: SysctlFiles): Recorded {
	const lines: string[] = [];
	return {
		lines,
		run: (program, words, options) => {
			if (program === "nft")
				lines.push("nft -f - <<'END'", options?.input?.trimEnd() ?? "", "END");
			else if (!words.includes("-j"))
				lines.push(`#   ${formatCommand(program, words)}`);
			return host.run(program, words, options);
		},
		sysctls: {
			...sysctls,
			write: (key, value) => {
				lines.push(`sysctl -w ${sysctlName(key)}=${value}`);
				return sysctls.write(key, value);
			},
		},
	};
}

async function setUp(
	config: TunnelConfig,
	{ run, sysctls }: Recorded,
	store: HostStateStore = memoryHostStateStore(NOTHING),
): Promise<HostSetup> {
	const record = new HostStateRecord({
		store,
		sysctls,
		listLinks: () => listLinks(host.run),
		removeTable: (name) => removeFirewall(host.run, name),
		removeForeignRule: () => Promise.resolve(),
		readStartTicks,
	});
	const { name } = await record.claim({
		name: config.name,
		tableNameOf,
		pid: process.pid,
		startTicks: readStartTicks(process.pid) ?? "",
		role: config.role,
		serverPort: null,
		interfaces: [],
	});
	const onNotice = () => undefined;
	const named = { ...config, name };
	return new HostSetup({
		config: named,
		remotes: REMOTES,
		run,
		sysctls,
		record,
		onNotice,
	});
}

/** Lines of commands, without reasons and without the shell's frame. */
function commandsOf(script: string): { make: string; undo: string } {
	const [head = "", undo = ""] = script.split("\nelse\n");
	const [, make = ""] = head.split("!= undo ]; then");
	const strip = (text: string) =>
		text
			.split("\n")
			.filter((line) => !/^(# |fi$|$)/.test(line) || line.startsWith("#   "))
			.join("\n");
	return { make: strip(make), undo: strip(undo) };
}

function snapshot(): string {
	return [
		"ip -4 route show table all",
		"nft list ruleset",
		"iptables-save | grep '^-' || true; ip6tables-save | grep '^-' || true",
		"grep -H . /proc/sys/net/ipv[46]/conf/*/*forwarding /proc/sys/net/ipv6/conf/*/accept_ra | grep -v tun7",
	]
		.map((line) => host.shell(line))
		.join("\n")
		.replaceAll(/packets \d+ bytes \d+/g, "");
}

describe.skipIf(REASON !== null)("the printed script", () => {
	beforeAll(() => {
		[host, far] = [createNamespace("script"), createNamespace("far")];
		host.shell(`ip link add h1 type veth peer name n0 netns ${far.name}`);
		host.shell("ip link set h1 addrgenmode none");
		host.shell(
			"ip address add 198.18.1.1/24 dev h1 && ip address add 2001:db8:1::1/64 dev h1 nodad && ip link set h1 up",
		);
		far.shell("ip link set n0 up");
		oldSysctls = {
			...host.sysctls,
			read: (key) =>
				key.endsWith("/force_forwarding") ? null : host.sysctls.read(key),
		};
	});
	afterAll(() => {
		for (const { name } of [host, far]) deleteNamespace(name);
	});
	beforeEach(() => {
		folder = mkdtempSync(join(tmpdir(), "tunscope-script-"));
		host.shell(
			"ip tuntap add dev tun7 mode tun && ip link set tun7 addrgenmode none",
		);
	});
	afterEach(() => {
		rmSync(folder, { recursive: true, force: true });
		host.shell("ip link del tun7");
	});

	describe.each(["server", "client"] as const)("%s", (role) => {
		it.each(["this kernel", "a kernel before 6.17"])(
			"has exactly the commands that auto runs, and that undo them, on %s",
			async (kernel) => {
				const sysctls = kernel === "this kernel" ? host.sysctls : oldSysctls;
				const script = commandsOf(await print(configOf(role), { sysctls }));
				const auto = recorded(sysctls);
				const setup = await setUp(configOf(role), auto);
				await setup.configureTun("tun7");
				expect(auto.lines.splice(0).join("\n")).toBe(script.make);
				await setup.undo();
				expect(auto.lines.join("\n")).toBe(script.undo);
				expect(script.make.length).toBeGreaterThan(script.undo.length);
			},
		);

		it("makes what auto makes and undoes all of it", async () => {
			const config = { ...configOf(role), interfaces: ["h1"] };
			const setup = await setUp(config, recorded(host.sysctls));
			await setup.configureTun("tun7");
			const made = snapshot();
			await setup.undo();
			const before = snapshot();
			const script = await print(config);
			expect(snapshot()).toBe(before);
			runScript(script, "");
			expect(snapshot()).toBe(made);
			runScript(script, "undo");
			expect(snapshot()).toBe(before);
		});

		it.each([[[]], [["h1"]], [["h1", "lo"]]])(
			"has the same rules for iptables, and undoes them, with --interface %j",
			async (interfaces) => {
				const before = snapshot();
				const script = await print(
					{ ...configOf(role), interfaces },
					{ whyNoNftables: "`nft` is not installed" },
				);
				expect(script).toContain("# NOTE: rules for iptables, because `nft`");
				runScript(script, "");
				const rules = host.shell("iptables-save; ip6tables-save");
				expect(rules).toMatch(
					role === "client" ? /MASQUERADE/ : /fcc9::2.*|DNAT/,
				);
				expect(rules).toContain("--dst-group 0x7453 -j DROP");
				runScript(script, "undo");
				host.shell("nft delete table ip nat && nft delete table ip filter");
				host.shell("nft delete table ip6 nat && nft delete table ip6 filter");
				expect(snapshot()).toBe(before);
			},
		);
	});

	it("names the firewall of somebody else that would stop the tunnel, and the command that helps", async () => {
		host.shell(
			"nft add table inet fw && nft 'add chain inet fw f { type filter hook forward priority 0; policy drop; }'",
		);
		const script = await print(configOf("client"));
		host.shell("nft delete table inet fw");
		expect(script).toMatch(
			/^# NOTE: .*chain f of table inet fw .*policy drop/m,
		);
		expect(script).toContain(
			`nft insert rule inet fw f 'iifname "tun7" counter accept'`,
		);
		expect(await print(configOf("client"))).not.toContain("table inet fw");
	});

	it("says why, and how to use it", async () => {
		const script = await print({
			...configOf("server"),
			tun: { ...configOf("server").tun, name: "" },
		});
		expect(script).toContain("sh FILE undo");
		expect(script).toContain("give tunscope --tun tun0 too");
		expect(script).toContain(
			"# packets that arrive on h1 may reach the TUN (IPv4) (2 works like 1, and is known as tunscope's)\nsysctl -w net.ipv4.conf.h1.forwarding=2",
		);
		for (const command of script.match(/^sysctl -w .*=[12]$/gm) ?? [])
			expect(script).toMatch(new RegExp(`^# .*\n${command}`, "m"));
	});

	it("of a tunnel that runs tells what that has made; of a second one, only what is still missing", async () => {
		const store = fileHostStateStore(join(folder, "1"), IDENTITY);
		const fresh = await print(configOf("server"));
		const setup = await setUp(
			configOf("server"),
			recorded(host.sysctls),
			store,
		);
		await setup.configureTun("tun7");
		const state = store.read();
		const again = await print(configOf("server"), { state });
		expect(commandsOf(again)).toEqual(commandsOf(fresh));
		const other = { ...configOf("client"), name: "client_1" };
		const second = commandsOf(await print(other, { state }));
		expect(second.make).not.toContain("net.ipv4.conf.h1.forwarding");
		expect(second.make).toContain('iifname { "h1" } oifgroup != 29779');
		expect(second.undo).not.toContain("sysctl");
		await setup.undo();
	});
});
