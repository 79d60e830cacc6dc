// README's deployment section, copied line by line into two hosts of a lab: it carries, the unit is sound, nothing stays.

import {
	mkdirSync,
	mkdtempSync,
	readFileSync,
	rmSync,
	writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { registerCleanup } from "../netlab/cleanup.js";
import { type Lab, type LabHost, withLab } from "../netlab/lab.js";
import { type LabProcess, startInNamespace } from "../netlab/lab-process.js";
import { residueBetween, snapshotHost } from "../netlab/residue.js";
import { runCommand } from "../netlab/run-command.js";
import { runTraffic } from "../traffic/run-traffic.js";
import {
	CLONE,
	type CodeBlock,
	commandsOf,
	deploymentBlocks,
} from "./readme-section.js";

const READY_LIMIT_MS = 10_000;
/** What WireGuard adds to a packet of its MTU (header 16, tag 16). */
const WIREGUARD_BYTES = 32;
/** The README's WireGuard ports: UDP on the server, the client's Endpoint. */
const WIREGUARD_PORT = 51_820;
const ENDPOINT_PORT = 51_821;

const blocks = deploymentBlocks();

function blockOf(step: RegExp, language: string): CodeBlock {
	const found = blocks.find(
		(block) => step.test(block.step) && block.language === language,
	);
	if (found === undefined) throw new Error(`README: no ${language} in ${step}`);
	return found;
}

/** What the README says may differ: where the clone is; and the places outside of it that a test must not write to. */
let folder = "";
beforeEach(() => {
	folder = mkdtempSync(join(tmpdir(), "tunscope-deployment-"));
	mkdirSync(join(folder, "bin"));
	mkdirSync(join(folder, "units"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function here(command: string): string {
	return command
		.replaceAll("/opt/tunscope/", CLONE)
		.replaceAll("/opt/tunscope", CLONE)
		.replaceAll("/usr/local/bin", join(folder, "bin"))
		.replaceAll("/etc/systemd/system", join(folder, "units"));
}

function shellArgv(command: string): string[] {
	const path = `${join(folder, "bin")}:${process.env.PATH ?? ""}`;
	return ["env", `PATH=${path}`, "sh", "-c", here(command)];
}

/** A name that the lab's hosts know: `ip netns exec` puts this file over /etc/hosts. */
function nameServerExample({ client, server }: Lab): void {
	const own = `/etc/netns/${client.namespace.name}`;
	registerCleanup(() => rmSync(own, { recursive: true, force: true }));
	mkdirSync(own, { recursive: true });
	writeFileSync(join(own, "hosts"), `${server.address4} server.example\n`);
}

function forgetServerExample({ client }: Lab): void {
	rmSync(`/etc/netns/${client.namespace.name}`, {
		recursive: true,
		force: true,
	});
}

async function start(host: LabHost, command: string): Promise<LabProcess> {
	const running = startInNamespace(host.namespace, {
		// "exec", as if Ctrl-C of a terminal reached it.
		argv: shellArgv(`exec ${command}`),
	});
	await running.waitForOutput(/the tunnel is running/, READY_LIMIT_MS);
	return running;
}

/** @param echo false ends as soon as everything is sent. */
function carry(lab: Lab, bytes: number, echo = true) {
	return runTraffic({
		opener: {
			host: lab.client,
			family: 4,
			address: "127.0.0.1",
			port: ENDPOINT_PORT,
		},
		answerer: {
			host: lab.server,
			family: 4,
			address: "127.0.0.1",
			port: WIREGUARD_PORT,
		},
		sizes: { kind: "fixed", bytes },
		up: { count: 50, rate: 500, unit: "datagrams" },
		echo,
		maxSeconds: 10,
		lingerMs: 200,
	});
}

/** Without a terminal it is JSON, with the words that the table has. */
async function expectGoodStatus(lab: Lab): Promise<void> {
	const command = onlyCommand(/To check/);
	const say = (host: LabHost) => host.namespace.run(shellArgv(command));
	expect(await say(lab.client)).toMatch(/"stateInWords":\s*"connected/);
	expect(await say(lab.server)).toMatch(/"health":\s*"good"/);
}

async function installCommand(): Promise<void> {
	const commands = commandsOf(blockOf(/On both hosts/, "sh"));
	const [packages, clone, build, link, ...rest] = commands;
	// Done already in whatever clone runs this test; the last of them gives the command its name.
	expect(packages).toBe("apt-get install -y git g++ iproute2 nftables");
	expect(clone).toBe("git clone <this repository> /opt/tunscope");
	expect(build).toBe("cd /opt/tunscope && npm ci && npm run build");
	expect(rest).toEqual([]);
	await runCommand(shellArgv(link ?? ""));
}

/** A lab with the command installed; both hosts must be afterwards as they were. */
async function withDeployment(body: (lab: Lab) => Promise<void>) {
	await installCommand();
	await withLab({ shape: "with-router" }, async (lab) => {
		nameServerExample(lab);
		try {
			const hosts = [lab.client.namespace, lab.server.namespace];
			const before = await Promise.all(hosts.map(snapshotHost));
			await body(lab);
			const after = await Promise.all(hosts.map(snapshotHost));
			expect(
				before.flatMap((one, index) => residueBetween(one, after[index] ?? {})),
			).toEqual([]);
		} finally {
			forgetServerExample(lab);
		}
	});
}

function onlyCommand(step: RegExp): string {
	const commands = commandsOf(blockOf(step, "sh"));
	expect(commands).toHaveLength(1);
	return commands[0] ?? "";
}

/** linux/capability.h. */
const NET_ADMIN = 1 << 12;
const NET_RAW = 1 << 13;
const SYS_NICE = 1 << 23;

function effectiveCapabilities({ pid }: LabProcess): number {
	const status = readFileSync(`/proc/${pid}/status`, "latin1");
	return Number.parseInt(/^CapEff:\s*(\w+)$/m.exec(status)?.[1] ?? "", 16);
}

/** systemd's own opinion; where it is not installed, at least sections and settings must look like some. */
async function expectSoundUnit(path: string, unit: string): Promise<void> {
	try {
		await runCommand(["systemd-analyze", "verify", path]);
	} catch (error) {
		if (!/ENOENT/.test(String(error))) throw error;
		for (const line of unit.split("\n"))
			expect(line).toMatch(/^(\[(Unit|Service|Install)\]|[A-Z]\w+=.+|#.*|)$/);
	}
}

describe("README's deployment section", () => {
	it("has both sides up in the order of its steps, carries what WireGuard sends at that MTU, and leaves nothing", async () => {
		const wireguard = blockOf(/On the client/, "ini").text;
		expect(wireguard).toContain(`Endpoint = 127.0.0.1:${ENDPOINT_PORT}`);
		const mtu = Number(/^MTU = (\d+)$/m.exec(wireguard)?.[1]);
		await withDeployment(async (lab) => {
			const server = await start(lab.server, onlyCommand(/On the server/));
			const client = await start(lab.client, onlyCommand(/On the client/));
			const whole = await carry(lab, mtu + WIREGUARD_BYTES);
			expect(whole.echo?.received).toBe(50);
			await expectGoodStatus(lab);
			// The MTU is the largest that fits, not just one that does.
			const over = await carry(lab, mtu + WIREGUARD_BYTES + 1, false);
			expect(over.up?.received).toBe(0);
			for (const end of [client, server])
				expect(await end.stop("SIGINT")).toMatchObject({ code: 0 });
		});
	});

	it("has a unit that systemd takes, whose command works with no more than the unit's capabilities", async () => {
		const [write = "", ...others] = commandsOf(blockOf(/As a service/, "sh"));
		expect(others).toEqual([
			"systemctl daemon-reload",
			"systemctl enable --now tunscope",
			"journalctl -u tunscope -n 20",
		]);
		await runCommand(shellArgv(write));
		const path = join(folder, "units/tunscope.service");
		const unit = readFileSync(path, "utf8");
		await expectSoundUnit(path, unit);
		const setting = (key: string) =>
			new RegExp(`^${key}=(.*)$`, "m").exec(unit)?.[1] ?? "";
		// With it systemd would delete, after a crash, the record by which the restart undoes it.
		expect(setting("RuntimeDirectory")).toBe("");
		const bounds = setting("CapabilityBoundingSet")
			.split(" ")
			.map((name) => `+${name.replace("CAP_", "").toLowerCase()}`)
			.join(",");
		await withDeployment(async (lab) => {
			const server = await start(
				lab.server,
				`setpriv --no-new-privs --bounding-set=-all,${bounds} --inh-caps=-all ${setting("ExecStart")}`,
			);
			expect(effectiveCapabilities(server)).toBe(
				NET_ADMIN | NET_RAW | SYS_NICE,
			);
			const client = await start(lab.client, onlyCommand(/On the client/));
			expect((await carry(lab, 1_000)).echo?.received).toBe(50);
			for (const end of [client, server])
				expect(await end.stop()).toMatchObject({ code: 0 });
		});
	});

	it("also ends in 0 under ProtectSystem=strict, where it cannot remove its own folder in /run", async () => {
		await withDeployment(async (lab) => {
			// What systemd does for ProtectSystem=strict and RuntimeDirectory=tunscope, as far as it matters here.
			const sandbox = [
				"mount --make-rprivate /",
				"mount -t tmpfs none /run",
				"mkdir /run/tunscope",
				"mount -t tmpfs none /run/tunscope",
				"mount -o remount,ro /run",
			];
			const server = await start(
				lab.server,
				`unshare --mount sh -ec '${sandbox.join("; ")}; exec ${onlyCommand(/On the server/)}'`,
			);
			expect(await server.stop()).toMatchObject({ code: 0 });
		});
	});

	it("undoes what its steps have done, file by file", () => {
		const undone = commandsOf(blockOf(/To undo/, "sh")).join("\n");
		for (const made of [
			"/etc/systemd/system/tunscope.service",
			"/usr/local/bin/tunscope",
			"/opt/tunscope",
		])
			expect(undone).toContain(made);
		expect(undone).toContain("systemctl disable --now tunscope");
	});
});
