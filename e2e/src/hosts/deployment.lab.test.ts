// README's deployment section, copied line by line into two hosts of a lab: it carries, the unit is sound, nothing stays.

import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Lab, withLab } from "../netlab/lab.js";
import type { LabProcess } from "../netlab/lab-process.js";
import { residueBetween, snapshotHost } from "../netlab/residue.js";
import { runCommand } from "../netlab/run-command.js";
import { runTraffic } from "../traffic/run-traffic.js";
import {
	type Installation,
	makeInstallation,
	withServerExample,
} from "./deployment-host.js";
import { ROLES, type Role } from "./host-kind.js";
import {
	type CodeBlock,
	commandsOf,
	deploymentBlocks,
} from "./readme-section.js";

/** What WireGuard adds to a packet of its MTU (header 16, tag 16). */
const WIREGUARD_BYTES = 32;
/** The README's WireGuard ports: UDP on the server, the client's Endpoint. */
const WIREGUARD_PORT = 51_820;
const ENDPOINT_PORT = 51_821;
const CONFIGURATION = "/etc/tunscope/tunscope.yaml";
const UNIT = "/etc/systemd/system/tunscope.service";

const blocks = deploymentBlocks();

/** The blocks of a step, in order. @throws Error when there is none */
function blocksOf(step: RegExp, language: string): readonly CodeBlock[] {
	const found = blocks.filter(
		(block) => step.test(block.step) && block.language === language,
	);
	if (found.length === 0) throw new Error(`README: no ${language} in ${step}`);
	return found;
}

function commands(step: RegExp): readonly string[] {
	return blocksOf(step, "sh").flatMap(commandsOf);
}

function onlyCommand(step: RegExp): string {
	const [command = "", ...others] = commands(step);
	expect(others).toEqual([]);
	return command;
}

let folder = "";
beforeEach(() => {
	folder = mkdtempSync(join(tmpdir(), "tunscope-deployment-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

async function install(role: Role): Promise<Installation> {
	const installation = makeInstallation(folder, role);
	const [packages, clone, build, link, ...rest] = commands(/On both hosts/);
	// Done already in whatever clone runs this test; the last of them gives the command its name.
	expect(packages).toBe("apt-get install -y git g++ iproute2 nftables");
	expect(clone).toBe("git clone <this repository> /opt/tunscope");
	expect(build).toBe("cd /opt/tunscope && npm ci && npm run build");
	expect(rest).toEqual([]);
	await installation.write(link ?? "");
	return installation;
}

interface Deployment {
	readonly lab: Lab;
	readonly client: Installation;
	readonly server: Installation;
}

/** Both hosts with the command installed; they must be afterwards as they were. */
async function withDeployment(
	body: (deployment: Deployment) => Promise<void>,
): Promise<void> {
	const client = await install("client");
	const server = await install("server");
	await withLab({ shape: "with-router" }, async (lab) => {
		await withServerExample(lab, async () => {
			const hosts = ROLES.map((role) => lab[role].namespace);
			const before = await Promise.all(hosts.map(snapshotHost));
			await body({ lab, client, server });
			const after = await Promise.all(hosts.map(snapshotHost));
			expect(
				before.flatMap((one, index) => residueBetween(one, after[index] ?? {})),
			).toEqual([]);
		});
	});
}

/** @param echo false ends as soon as everything is sent. */
function carry(lab: Lab, bytes: number, echo = true) {
	const address = { family: 4, address: "127.0.0.1" } as const;
	return runTraffic({
		opener: { host: lab.client, ...address, port: ENDPOINT_PORT },
		answerer: { host: lab.server, ...address, port: WIREGUARD_PORT },
		sizes: { kind: "fixed", bytes },
		up: { count: 50, rate: 500, unit: "datagrams" },
		echo,
		maxSeconds: 10,
		lingerMs: 200,
	});
}

/** Without a terminal it is JSON, with the words that the table has. */
async function expectGoodStatus(deployment: Deployment): Promise<void> {
	const { lab, client, server } = deployment;
	const command = onlyCommand(/To check/);
	expect(await client.run(lab, command)).toMatch(
		/"stateInWords":\s*"connected/,
	);
	expect(await server.run(lab, command)).toMatch(/"health":\s*"good"/);
}

/** linux/capability.h. */
const CAPABILITY_BITS: Readonly<Record<string, number>> = {
	CAP_NET_ADMIN: 12,
	CAP_NET_RAW: 13,
	CAP_SYS_NICE: 23,
};

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

/** Writes the unit as the README says, and gives the command that systemd would run, within the unit's capabilities. */
async function installService(installation: Installation) {
	const service = commands(/As a service/).slice(2);
	const [check = "", write = "", ...others] = service;
	expect(others).toEqual([
		"systemctl daemon-reload",
		"systemctl enable --now tunscope",
		"journalctl -u tunscope -n 20",
	]);
	await installation.write(write);
	const unit = installation.read(UNIT);
	await expectSoundUnit(installation.here(UNIT), unit);
	const setting = (key: string) =>
		new RegExp(`^${key}=(.*)$`, "m").exec(unit)?.[1] ?? "";
	// With it systemd would delete, after a crash, the record by which the restart undoes it.
	expect(setting("RuntimeDirectory")).toBe("");
	expect(setting("ExecReload")).toBe("/bin/kill -HUP $MAINPID");
	const capabilities = setting("CapabilityBoundingSet").split(" ");
	const bounds = capabilities
		.map((name) => `+${name.replace("CAP_", "").toLowerCase()}`)
		.join(",");
	return {
		check,
		capabilityBits: capabilities.reduce(
			(sum, name) => sum | (1 << (CAPABILITY_BITS[name] ?? 31)),
			0,
		),
		command: `setpriv --no-new-privs --bounding-set=-all,${bounds} --inh-caps=-all ${setting("ExecStart")}`,
	};
}

/** The server's file as it stands there, the client's with the three lines that differ. */
function configurationCommands(role: Role): readonly string[] {
	const [make = "", write = ""] = commands(/As a service/);
	if (role === "server") return [make, write];
	const [lines] = blocksOf(/As a service/, "yaml");
	const changed = write.replace(
		/^ {4}role:[\s\S]*(?=^END)/m,
		lines?.text ?? "",
	);
	expect(changed).toContain("role: client");
	return [make, changed];
}

describe("README's deployment section", () => {
	it("has both sides up in the order of its steps, carries what WireGuard sends at that MTU, and leaves nothing", async () => {
		const wireguard = blocksOf(/On the client/, "ini")[0]?.text ?? "";
		expect(wireguard).toContain(`Endpoint = 127.0.0.1:${ENDPOINT_PORT}`);
		const mtu = Number(/^MTU = (\d+)$/m.exec(wireguard)?.[1]);
		await withDeployment(async (deployment) => {
			const { lab } = deployment;
			const server = await deployment.server.start(
				lab,
				onlyCommand(/On the server/),
			);
			const client = await deployment.client.start(
				lab,
				onlyCommand(/On the client/),
			);
			const whole = await carry(lab, mtu + WIREGUARD_BYTES);
			expect(whole.echo?.received).toBe(50);
			await expectGoodStatus(deployment);
			// The MTU is the largest that fits, not just one that does.
			const over = await carry(lab, mtu + WIREGUARD_BYTES + 1, false);
			expect(over.up?.received).toBe(0);
			for (const end of [client, server])
				expect(await end.stop("SIGINT")).toMatchObject({ code: 0 });
		});
	});

	it("has a service that systemd takes, which works with the file of its step and no more than the unit's capabilities", async () => {
		await withDeployment(async (deployment) => {
			const { lab } = deployment;
			const started: LabProcess[] = [];
			for (const role of ["server", "client"] as const) {
				const installation = deployment[role];
				for (const command of configurationCommands(role))
					await installation.write(command);
				expect(installation.read(CONFIGURATION)).toContain(`role: ${role}`);
				const service = await installService(installation);
				await installation.run(lab, service.check);
				const running = await installation.start(lab, service.command);
				expect(effectiveCapabilities(running)).toBe(service.capabilityBits);
				started.unshift(running);
			}
			expect((await carry(lab, 1_000)).echo?.received).toBe(50);
			await expectGoodStatus(deployment);
			for (const end of started)
				expect(await end.stop()).toMatchObject({ code: 0 });
		});
	});

	it("also ends in 0 under ProtectSystem=strict, where it cannot remove its own folder in /run", async () => {
		await withDeployment(async ({ lab, server }) => {
			// What systemd does for ProtectSystem=strict and RuntimeDirectory=tunscope, as far as it matters here.
			const sandbox = [
				"mount --make-rprivate /",
				"mount -t tmpfs none /run",
				"mkdir /run/tunscope",
				"mount -t tmpfs none /run/tunscope",
				"mount -o remount,ro /run",
			];
			const running = await server.start(
				lab,
				`unshare --mount sh -ec '${sandbox.join("; ")}; exec ${onlyCommand(/On the server/)}'`,
			);
			expect(await running.stop()).toMatchObject({ code: 0 });
		});
	});

	it("undoes what its steps have done, file by file", () => {
		const undone = commands(/To undo/).join("\n");
		for (const made of [
			UNIT,
			"/etc/tunscope",
			"/var/lib/tunscope",
			"/usr/local/bin/tunscope",
			"/opt/tunscope",
		])
			expect(undone).toContain(made);
		expect(undone).toContain("systemctl disable --now tunscope");
	});
});
