// `tunscope up` on both hosts: two tunnels of one file carry, a reload restarts only what changed, a bad file nothing.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeAll, beforeEach, expect, it } from "vitest";
import { type Lab, type LabHost, withLab } from "../netlab/lab.js";
import { type LabProcess, startInNamespace } from "../netlab/lab-process.js";
import { residueBetween, snapshotHost } from "../netlab/residue.js";
import { tunscopeArgv, whyNoDaemon } from "../netlab/tunscope-tunnel.js";
import { waitUntil } from "../netlab/wait-until.js";
import { runTraffic, type TrafficOutcome } from "../traffic/run-traffic.js";

beforeAll(() => {
	const reason = whyNoDaemon();
	if (reason !== null) throw new Error(reason);
});

let folder = "";
beforeEach(() => {
	folder = mkdtempSync(join(tmpdir(), "tunscope-up-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const STOP_LIMIT_MS = 2_000;
const DEADLINE_MS = 15_000;
/** UDP port of the client, fake-TCP port of the server, UDP port of the target. */
const TUNNELS = {
	steady: { client: 9_001, fakeTcp: 4_567, target: 9_000 },
	edited: { client: 9_011, fakeTcp: 4_568, target: 9_010 },
} as const;
type TunnelName = keyof typeof TUNNELS;
const NAMES = ["steady", "edited"] as const;

function clientFile(lab: Lab, idleTimeout: string, extra = ""): string {
	const entries = NAMES.map((name) => {
		const { client, fakeTcp } = TUNNELS[name];
		return `  ${name}:
    role: client
    local: 127.0.0.1:${client}
    remote: ${lab.server.address4}:${fakeTcp}
${name === "edited" ? `    idle-timeout: ${idleTimeout}\n${extra}` : ""}`;
	});
	return `tunnels:\n${entries.join("")}`;
}

function serverFile(): string {
	const entries = NAMES.map((name) => {
		const { fakeTcp, target } = TUNNELS[name];
		return `  ${name}: { role: server, local: ${fakeTcp}, remote: "127.0.0.1:${target}" }\n`;
	});
	return `tunnels:\n${entries.join("")}`;
}

const fileOf = (side: string) => join(folder, `${side}.yaml`);

function up(host: LabHost, side: string): LabProcess {
	return startInNamespace(host.namespace, {
		argv: tunscopeArgv(
			"up",
			...["--config", fileOf(side)],
			...["--state-dir", join(folder, side), "--json"],
		),
	});
}

interface LogLine {
	readonly event?: string;
	readonly tunnel?: string;
	readonly msg?: string;
	readonly restarted?: readonly string[];
	readonly unchanged?: readonly string[];
}

function logOf(running: LabProcess): LogLine[] {
	return running
		.stdout()
		.split("\n")
		.filter((line) => line.startsWith("{"))
		.map((line) => JSON.parse(line));
}

const linesOf = (running: LabProcess, event: string) =>
	logOf(running).filter((line) => line.event === event);

function waitForLines(
	running: LabProcess,
	event: string,
	count: number,
): Promise<true> {
	return waitUntil(() => linesOf(running, event).length >= count || undefined, {
		what: `${count} lines of ${event}`,
		deadlineMs: DEADLINE_MS,
	});
}

function carry(
	lab: Lab,
	name: TunnelName,
	count: number,
): Promise<TrafficOutcome> {
	const { client, target } = TUNNELS[name];
	const place = { family: 4, address: "127.0.0.1" } as const;
	return runTraffic({
		opener: { host: lab.client, ...place, port: client },
		answerer: { host: lab.server, ...place, port: target },
		sizes: { kind: "fixed", bytes: 600 },
		up: { count, rate: 750, unit: "datagrams" },
		echo: true,
		maxSeconds: 30,
	});
}

function tunsOf(host: LabHost): Promise<string> {
	const argv = "ip -brief address show type tun".split(" ");
	return host.namespace.run(argv);
}

async function stopTimed(running: LabProcess): Promise<void> {
	const startedMs = performance.now();
	expect(await running.stop(), running.stderr()).toMatchObject({
		code: 0,
		signal: null,
	});
	expect(performance.now() - startedMs).toBeLessThan(STOP_LIMIT_MS);
}

interface BothUp {
	readonly client: LabProcess;
	readonly server: LabProcess;
}

/** Ready as soon as the server's two tunnels are; what the client makes of its file is the test's matter. */
async function startBoth(lab: Lab): Promise<BothUp> {
	writeFileSync(fileOf("client"), clientFile(lab, "3m"));
	writeFileSync(fileOf("server"), serverFile());
	const client = up(lab.client, "client");
	const server = up(lab.server, "server");
	await waitForLines(server, "running", 2);
	return { client, server };
}

/** Changes nothing, so it may be asked at any time. */
function check(host: LabHost): Promise<string> {
	return host.namespace.run(
		tunscopeArgv(
			"check",
			...["--config", fileOf("client"), "--state-dir", join(folder, "client")],
		),
	);
}

/** Each edit while the steady tunnel talks; it must lose nothing of the whole. */
async function editWhileTalking(lab: Lab, client: LabProcess): Promise<void> {
	const steady = carry(lab, "steady", 6_000);
	writeFileSync(fileOf("client"), clientFile(lab, "5m"));
	const report = await check(lab.client);
	expect(report).toContain("would make these restart: edited; run on: steady.");
	expect(report).toContain(
		"TUN ts-edited with 192.168.200.3 and 192.168.200.4",
	);
	expect(report).toContain("nft table inet tunscope_edited");
	process.kill(client.pid, "SIGHUP");
	await waitForLines(client, "reloaded", 1);
	expect(linesOf(client, "reloaded")[0]).toMatchObject({
		restarted: ["edited"],
		unchanged: ["steady"],
	});
	await waitForLines(client, "running", 3);
	expect((await carry(lab, "edited", 500)).echo?.received).toBe(500);
	const wrong = clientFile(lab, "7m", "    idle-timeot: 3m\n");
	writeFileSync(fileOf("client"), wrong);
	process.kill(client.pid, "SIGHUP");
	await waitForLines(client, "reload-refused", 2);
	expect(linesOf(client, "reload-refused")[0]?.msg).toMatch(
		/client\.yaml:11:5: "idle-timeot" is no key of a tunnel\. Did you mean idle-timeout\?/,
	);
	expect((await steady).echo?.received).toBe(6_000);
}

it("carries both tunnels of a file, restarts only what was edited, takes no bad edit, leaves nothing", async () => {
	await withLab({ shape: "with-router" }, async (lab) => {
		const hosts = [lab.client, lab.server];
		const before = await Promise.all(
			hosts.map((host) => snapshotHost(host.namespace)),
		);
		const { client, server } = await startBoth(lab);
		await waitForLines(client, "running", 2);
		const tuns = await tunsOf(lab.client);
		expect(tuns).toMatch(
			/^ts-steady .*192\.168\.200\.1 peer 192\.168\.200\.2/m,
		);
		expect(tuns).toMatch(
			/^ts-edited .*192\.168\.200\.3 peer 192\.168\.200\.4/m,
		);
		for (const outcome of await Promise.all(
			NAMES.map((name) => carry(lab, name, 500)),
		))
			expect(outcome.echo?.received).toBe(500);
		await editWhileTalking(lab, client);
		const starts = linesOf(client, "running").map(({ tunnel }) => tunnel);
		expect(starts.filter((name) => name === "steady")).toHaveLength(1);
		expect(starts.filter((name) => name === "edited")).toHaveLength(2);
		expect(await tunsOf(lab.client)).toMatch(/^ts-edited .*192\.168\.200\.3 /m);
		await stopTimed(client);
		await stopTimed(server);
		for (const [index, host] of hosts.entries()) {
			const after = await snapshotHost(host.namespace);
			expect(residueBetween(before[index] ?? {}, after)).toEqual([]);
		}
	});
});

it("runs the others when one tunnel cannot start, and tries that one again until it can", async () => {
	await withLab({ referee: "off" }, async (lab) => {
		const blocker = startInNamespace(lab.client.namespace, {
			argv: [
				process.execPath,
				"-e",
				`require("node:dgram").createSocket("udp4").bind(${TUNNELS.edited.client}, "127.0.0.1", () => console.log("bound"))`,
			],
		});
		await blocker.waitForOutput(/bound/, DEADLINE_MS);
		writeFileSync(fileOf("client"), clientFile(lab, "3m"));
		writeFileSync(fileOf("server"), serverFile());
		const [client, server] = [
			up(lab.client, "client"),
			up(lab.server, "server"),
		];
		await waitForLines(server, "running", 2);
		await waitForLines(client, "running", 1);
		await waitForLines(client, "start-failed", 1);
		expect(linesOf(client, "start-failed")[0]).toMatchObject({
			tunnel: "edited",
			code: "UDP_PORT_TAKEN",
		});
		expect((await carry(lab, "steady", 200)).echo?.received).toBe(200);
		await blocker.stop("SIGKILL");
		await waitForLines(client, "running", 2);
		expect((await carry(lab, "edited", 200)).echo?.received).toBe(200);
		await stopTimed(client);
		await stopTimed(server);
	});
});
