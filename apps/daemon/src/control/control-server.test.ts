import { spawn } from "node:child_process";
import { once } from "node:events";
import {
	chmodSync,
	existsSync,
	mkdirSync,
	mkdtempSync,
	readdirSync,
	rmSync,
	statSync,
} from "node:fs";
import { connect, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
	CONTROL_VERSION,
	controlRequestSchema,
	type InstanceDescription,
} from "@tunscope/shared";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { listControlSockets } from "../system/control-socket-files.js";
import { askInstances, countInstancesElsewhere } from "./ask-instances.js";
import { MAX_REQUEST_BYTES, parseControlRequest } from "./control-request.js";
import { ControlServer, type ControlServerOptions } from "./control-server.js";
import { statusOnly } from "./testing/status-only.js";

const PID = 4_194_303;
const EMPTY: InstanceDescription = {
	version: CONTROL_VERSION,
	kind: "status",
	pid: PID,
	tunscope: "1.2.3",
	uptimeMs: 5,
	tunnels: [],
};
const STATUS = `{"version":${CONTROL_VERSION},"request":"status"}\n`;

let top = "";
let directory = "";
const open: ControlServer[] = [];
beforeEach(() => {
	top = mkdtempSync(join(tmpdir(), "tunscope-control-"));
	directory = join(top, "run", "4026531840");
});
afterEach(async () => {
	for (const server of open.splice(0)) await server.close();
	rmSync(top, { recursive: true, force: true });
});

async function openServer(
	options: Partial<ControlServerOptions> = {},
): Promise<ControlServer> {
	const server = await ControlServer.open({
		directory,
		pid: PID,
		respond: statusOnly(async () => EMPTY),
		...options,
	});
	open.push(server);
	return server;
}

function readAll(connection: Socket): Promise<string> {
	return new Promise((resolve, reject) => {
		let text = "";
		connection.on("data", (chunk) => {
			text += String(chunk);
		});
		connection.once("close", () => resolve(text));
		connection.once("error", reject);
	});
}

/** What comes back for these bytes. */
function send(server: ControlServer, text: string): Promise<string> {
	const connection = connect(server.path);
	connection.write(text);
	return readAll(connection);
}

/** A socket whose process was killed. */
async function leaveDeadSocket(path: string): Promise<void> {
	mkdirSync(join(path, ".."), { recursive: true });
	const child = spawn(process.execPath, [
		"-e",
		`require("net").createServer().listen(${JSON.stringify(path)}, () => console.log("up"))`,
	]);
	await once(child.stdout, "data");
	child.kill("SIGKILL");
	await once(child, "close");
	expect(existsSync(path)).toBe(true);
}

describe("control socket", () => {
	it("answers one line with one line, is for its owner only, and leaves no trace", async () => {
		const server = await openServer();
		expect(await send(server, STATUS)).toBe(`${JSON.stringify(EMPTY)}\n`);
		expect(statSync(server.path).mode & 0o777).toBe(0o600);
		expect(statSync(directory).mode & 0o777).toBe(0o700);
		expect(await askInstances(directory)).toEqual([
			{ kind: "answered", instance: EMPTY, path: server.path },
		]);
		await open.pop()?.close();
		expect(readdirSync(top)).toEqual([]);
	});

	it("leaves a folder that somebody else uses", async () => {
		await openServer();
		const other = await openServer({ pid: 7 });
		await open.shift()?.close();
		expect(readdirSync(directory)).toEqual(["control-7.sock"]);
		expect(await send(other, STATUS)).toContain('"kind":"status"');
	});

	it("works in a folder whose path is longer than a socket address", async () => {
		directory = join(top, "x".repeat(120), "4026531840");
		const server = await openServer();
		expect(server.path.length).toBeGreaterThan(108);
		expect(await askInstances(directory)).toHaveLength(1);
		// The sweep of a second one must not take the first for dead.
		await openServer({ pid: 7 });
		expect(await askInstances(directory)).toHaveLength(2);
		for (const one of open.splice(0)) await one.close();
		expect(readdirSync(top)).toEqual([]);
	});

	it("removes sockets of dead processes at the start, and says who is dead before", async () => {
		await leaveDeadSocket(join(directory, "control-99.sock"));
		await leaveDeadSocket(join(directory, `control-${PID}.sock`));
		expect(await askInstances(directory)).toEqual([
			{ kind: "dead", pid: 99 },
			{ kind: "dead", pid: PID },
		]);
		await openServer();
		expect(readdirSync(directory)).toEqual([`control-${PID}.sock`]);
	});

	it("takes another name when a live process of the same number has it (another PID namespace)", async () => {
		const one = await openServer();
		const other = await openServer();
		expect(other.path).toBe(join(directory, `control-${PID}-1.sock`));
		expect(await send(one, STATUS)).not.toBe("");
		expect(await askInstances(directory)).toHaveLength(2);
	});

	it("answers nonsense with a sentence", async () => {
		const server = await openServer();
		for (const [text, expected] of [
			["hello\n", "not one line of JSON"],
			["[]\n", "not a JSON object"],
			['{"request":"status"}\n', "version 2 of the control protocol"],
			['{"version":2,"request":"stop"}\n', "The requests are"],
			['{"version":2,"request":"status","x":1}\n', "The requests are"],
			["x".repeat(MAX_REQUEST_BYTES + 1), "at most 16384 bytes"],
			[`${"\0\xff".repeat(2_000_000)}\n`, "at most 16384 bytes"],
		] as const) {
			const answer = JSON.parse(await send(server, text));
			expect(answer).toMatchObject({ version: 2, kind: "error" });
			expect(answer.message).toContain(expected);
		}
		expect(await send(server, STATUS)).toContain('"kind":"status"');
	});

	it("reads a request that comes byte by byte, and one whose sender has closed its side", async () => {
		const server = await openServer();
		const slow = connect(server.path);
		const answer = readAll(slow);
		for (const byte of STATUS) {
			slow.write(byte);
			await new Promise((resolve) => setImmediate(resolve));
		}
		expect(await answer).toContain('"kind":"status"');
		const half = connect({ path: server.path, allowHalfOpen: true });
		half.end(STATUS);
		expect(await readAll(half)).toContain('"kind":"status"');
		const mute = connect({ path: server.path, allowHalfOpen: true });
		mute.end();
		expect(await readAll(mute)).toBe("");
	});

	it("cuts off who says nothing, and turns away who is one too many", async () => {
		const server = await openServer({ connectionLimitMs: 300 });
		const idle = Array.from({ length: 16 }, () => connect(server.path));
		const ends = idle.map(readAll);
		await Promise.all(idle.map((connection) => once(connection, "connect")));
		const turnedAway = await send(server, STATUS).catch(() => "");
		expect(turnedAway).toBe("");
		expect(await Promise.all(ends)).toEqual(idle.map(() => ""));
		expect(await send(server, STATUS)).toContain('"kind":"status"');
	});

	it("closes although somebody is connected", async () => {
		const server = await openServer();
		const connection = connect(server.path);
		const end = readAll(connection);
		await once(connection, "connect");
		await open.pop()?.close();
		expect(await end).toBe("");
		expect(readdirSync(top)).toEqual([]);
	});

	it("says of an instance that it does not answer, or answers nonsense, or cannot tell", async () => {
		await openServer({ pid: 1, respond: () => new Promise(() => undefined) });
		await openServer({
			pid: 2,
			respond: () => Promise.reject(new Error("broken")),
		});
		await openServer({
			pid: 3,
			respond: statusOnly(async () => ({ ...EMPTY, pid: -1 })),
		});
		expect(await askInstances(directory, 300)).toMatchObject([
			{ kind: "silent", pid: 1, reason: "it does not answer within 300 ms" },
			{ kind: "silent", pid: 2, reason: expect.stringContaining("broken") },
			{ kind: "silent", pid: 3, reason: "its answer makes no sense" },
		]);
	});

	it("says who may ask, to somebody who may not", async (context) => {
		context.skip(process.getuid?.() !== 0, "only root can become another user");
		await openServer();
		// The folder above is everybody's, as systemd's RuntimeDirectory= is.
		chmodSync(top, 0o755);
		chmodSync(join(top, "run"), 0o755);
		process.seteuid?.(65_534);
		try {
			expect(() => listControlSockets(directory)).toThrowError(
				expect.objectContaining({
					code: "PERMISSION_DENIED",
					whatToDo: "Run it as root, for example with sudo.",
				}),
			);
			expect(listControlSockets(join(top, "run", "none"))).toEqual([]);
		} finally {
			process.seteuid?.(0);
		}
	});

	it("counts instances of other network namespaces, dead ones not", async () => {
		await openServer();
		await openServer({ directory: join(top, "run", "5") });
		await leaveDeadSocket(join(top, "run", "6", "control-1.sock"));
		expect(await countInstancesElsewhere(directory)).toBe(1);
		expect(await askInstances(join(top, "none", "1"))).toEqual([]);
	});
});

describe("another version", () => {
	it("of the command is refused in its own version, so that it can say why", async () => {
		const server = await openServer();
		for (const version of [1, 3]) {
			const line = await send(
				server,
				`{"version":${version},"request":"status"}\n`,
			);
			expect(JSON.parse(line)).toEqual({
				version,
				kind: "error",
				code: "other-version",
				message:
					"This instance speaks version 2 of the control protocol: use the tunscope command that it was started with.",
			});
		}
	});

	it("of the instance refuses in one clear sentence, which is what the command gives as the reason", async () => {
		mkdirSync(directory, { recursive: true });
		const path = join(directory, "control-5.sock");
		const sentence =
			"This instance speaks version 1 of the control protocol: use the tunscope command that it was started with.";
		// What the first version answered, to the letter.
		const old = createServer((connection) => {
			connection.once("data", () =>
				connection.end(
					`{"version":1,"kind":"error","message":"${sentence}"}\n`,
				),
			);
		}).listen(path);
		await once(old, "listening");
		try {
			expect(await askInstances(directory)).toEqual([
				{ kind: "silent", pid: 5, reason: sentence },
			]);
		} finally {
			old.close();
			await once(old, "close");
		}
	});
});

describe("request", () => {
	it("is taken by hand exactly when the schema takes it", () => {
		const capture = '"request":"capture","tunnel":"a","isFollowing":';
		for (const line of [
			'{"version":2,"request":"status"}',
			'{"version":2,"request":"status","more":1}',
			'{"version":2}',
			'{"version":"2","request":"status"}',
			'{"version":1,"request":"status"}',
			'{"version":2,"request":"other"}',
			`{"version":2,${capture}true}`,
			`{"version":2,${capture}false}`,
			`{"version":2,${capture}0}`,
			`{"version":2,${capture}true,"more":1}`,
			'{"version":2,"request":"capture","tunnel":"","isFollowing":true}',
			`{"version":2,"request":"capture","tunnel":"${"a".repeat(64)}","isFollowing":true}`,
			`{"version":2,"request":"capture","tunnel":"${"a".repeat(65)}","isFollowing":true}`,
			'{"version":2,"request":"capture","isFollowing":true}',
			...["[]", '["a"]', '["a","b"]', '[""]', "[1]", "null", '"a"', "{}"].map(
				(tunnels) =>
					`{"version":2,"request":"anomalies","tunnels":${tunnels},"isFollowing":false}`,
			),
			'{"version":2,"request":"reconnect","tunnels":[]}',
			'{"version":2,"request":"reconnect","tunnels":["a","b"]}',
			'{"version":2,"request":"reconnect","tunnels":"a"}',
			'{"version":2,"request":"reconnect"}',
			'{"version":2,"request":"reconnect","tunnels":[],"more":1}',
			...[200, 201].map(
				(count) =>
					`{"version":2,"request":"anomalies","tunnels":${JSON.stringify(Array(count).fill("a"))},"isFollowing":true}`,
			),
			'{"version":2,"request":"anomalies","tunnels":["a"]}',
			"null",
			"1",
			"[]",
		]) {
			const isTaken = !("refused" in parseControlRequest(line));
			expect(isTaken, line).toBe(
				controlRequestSchema.safeParse(JSON.parse(line)).success,
			);
		}
	});
});
