// `tunscope capture` of a real tunnel under fire: what tshark reads in it is what was sent, with the reasons of what was discarded.

import { mkdtempSync, rmSync, statSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { anomalyLineSchema } from "@tunscope/shared";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Lab, type LabHost, withLab } from "../netlab/lab.js";
import { startInNamespace } from "../netlab/lab-process.js";
import { daemonStateOf } from "../netlab/namespace.js";
import { runCommand } from "../netlab/run-command.js";
import { ours, tunscopeArgv, whyNoDaemon } from "../netlab/tunscope-tunnel.js";
import { runTraffic } from "../traffic/run-traffic.js";
import { countLogged, finalCounters } from "../tunnel/daemon-log.js";
import { PORTS, startTunnel } from "../tunnel/tunnel-in-lab.js";

const GARBAGE = fileURLToPath(
	new URL("../../src/tunnel/send-garbage.py", import.meta.url),
);
const SERVER_TUN_PEER = "192.168.201.2";
const GARBAGE_PACKETS = 400;
const GARBAGE_SOURCES = "198.18.77.";
const DATAGRAMS = 600;
const folder = mkdtempSync(join(tmpdir(), "tunscope-capture-"));
beforeAll(() => {
	const reason = whyNoDaemon();
	if (reason !== null) throw new Error(reason);
});
afterAll(() => rmSync(folder, { recursive: true }));

async function run(host: LabHost, argv: readonly string[]) {
	const running = startInNamespace(host.namespace, {
		argv,
		deadlineMs: 30_000,
	});
	const { code } = await running.ended;
	return { code, stdout: running.stdout(), stderr: running.stderr() };
}

function startCapturing(lab: Lab) {
	const flags = ["--capture", "4MiB"];
	return startTunnel(lab, {
		client: ours,
		server: ours,
		family: 4,
		clientArguments: flags,
		serverArguments: [...flags, "--capture-snap", "2000"],
	});
}

interface Frame {
	/** Or what it has caused: the kernel's ICMP errors quote our answers as they left us, unfinished. */
	readonly isGarbage: boolean;
	readonly comment: string;
	/** 1 inbound, 2 outbound. */
	readonly direction: number;
	readonly segmentBytes: number;
	/** "0" is bad. */
	readonly checksum: string;
	readonly isMalformed: boolean;
}

async function framesOf(path: string): Promise<readonly Frame[]> {
	const fields = [
		"ip.src",
		"icmp.type",
		"frame.comment",
		"frame.packet_flags_direction",
		"tcp.len",
		"tcp.checksum.status",
		"_ws.malformed",
	];
	const table = await runCommand([
		...["tshark", "-n", "-r", path, "-o", "tcp.check_checksum:TRUE"],
		...["-T", "fields", ...fields.flatMap((field) => ["-e", field])],
	]);
	return table
		.split("\n")
		.filter(Boolean)
		.map((row) => {
			const [source = "", icmpType, comment = "", ...rest] = row.split("\t");
			const [direction, length, checksum = "", malformed] = rest;
			return {
				isGarbage: source.startsWith(GARBAGE_SOURCES) || icmpType !== "",
				comment,
				direction: Number(direction),
				segmentBytes: Number(length),
				checksum,
				isMalformed: malformed !== "",
			};
		});
}

describe("tunscope capture", () => {
	it("shows a conversation whole and right, and garbage beside it with the reason of each drop", async () => {
		// Without the referee, which would keep the garbage away from the TUN.
		await withLab({ referee: "off" }, async (lab) => {
			const tunnel = await startCapturing(lab);
			const [traffic, garbage] = await Promise.all([
				runTraffic({
					...tunnel.places,
					sizes: { kind: "cycle", bytes: [1200, 64, 500] },
					up: { count: DATAGRAMS, rate: 400, unit: "datagrams" },
					echo: true,
					maxSeconds: 20,
				}),
				run(lab.server, [
					...["/usr/bin/python3", GARBAGE, SERVER_TUN_PEER],
					...[String(PORTS.fakeTcp), String(GARBAGE_PACKETS), "7"],
				]),
			]);
			expect(garbage.code, garbage.stderr).toBe(0);
			const path = join(folder, "server.pcapng");
			const capture = await run(
				lab.server,
				tunscopeArgv("capture", "server_4567", "-o", path),
			);
			expect(capture.stderr).toMatch(
				/^tunscope: [\d,]+ packets of server_4567 are in /,
			);
			expect(capture.code).toBe(0);
			expect(statSync(path).mode & 0o777).toBe(0o600);
			const odd = await run(lab.server, [
				...["env", "LC_ALL=zh_CN.UTF-8"],
				...tunscopeArgv("anomalies", "server_4567"),
			]);
			expect(odd).toMatchObject({ code: 0, stderr: "" });
			const told = odd.stdout
				.split("\n")
				.filter(Boolean)
				.map((line) => anomalyLineSchema.parse(JSON.parse(line)));
			expect(told.map(({ code }) => code)).toEqual(
				expect.arrayContaining(["bad-tcp-checksum", "unknown-flow"]),
			);
			for (const { text } of told)
				expect(text.happened).toMatch(/\p{Script=Han}/u);
			await tunnel.stop();

			const frames = await framesOf(path);
			const drops = finalCounters(tunnel.server.process).drops;
			for (const reason of ["bad-tcp-checksum", "not-tcp", "unknown-flow"]) {
				const shown = frames.filter(({ comment }) =>
					comment.split(", ").includes(reason),
				);
				expect(shown.length, reason).toBe(drops[reason]);
				expect(shown.length, reason).toBeGreaterThan(0);
			}
			const sound = frames.filter(({ isGarbage }) => !isGarbage);
			for (const { comment } of sound)
				expect(["", "link-local-chatter"]).toContain(comment);
			expect(sound.filter(({ isMalformed }) => isMalformed)).toEqual([]);
			expect(sound.filter(({ checksum }) => checksum === "0")).toEqual([]);
			const carried = (direction: number) =>
				sound
					.filter((frame) => frame.direction === direction)
					.reduce((sum, { segmentBytes }) => sum + (segmentBytes || 0), 0);
			const bytes = (DATAGRAMS / 3) * (1200 + 64 + 500);
			expect(traffic.echo?.received).toBe(DATAGRAMS);
			expect(carried(1)).toBeGreaterThanOrEqual(bytes);
			expect(carried(2)).toBeGreaterThanOrEqual(bytes);
		});
	});

	it("goes into a pipe, follows, and ends with its reader; one that never reads costs no datagram", async () => {
		await withLab({}, async (lab) => {
			const tunnel = await startCapturing(lab);
			const deaf = connect(
				join(
					daemonStateOf(lab.client.namespace.name),
					`control-${tunnel.client.process.pid}.sock`,
				),
			);
			deaf.pause();
			deaf.write(
				'{"version":2,"request":"capture","tunnel":"client_9001","isFollowing":true}\n',
			);
			const command = tunscopeArgv("capture", "client_9001", "--follow")
				.map((word) => `'${word}'`)
				.join(" ");
			const following = startInNamespace(lab.client.namespace, {
				argv: [
					...["sh", "-c"],
					`${command} | tshark -n -l -r - -c 50 -T fields -e frame.number 2>&1`,
				],
				deadlineMs: 30_000,
			});
			const { echo } = await runTraffic({
				...tunnel.places,
				sizes: { kind: "fixed", bytes: 500 },
				up: { count: DATAGRAMS, rate: 400, unit: "datagrams" },
				echo: true,
				maxSeconds: 20,
			});
			expect(echo?.received).toBe(DATAGRAMS);
			await following.waitForOutput(/^50$/m, 10_000);
			expect((await following.ended).code).toBe(0);
			deaf.destroy();
			await tunnel.stop();
			expect(countLogged(tunnel.client.process, "worker-ended")).toBe(0);
		});
	});

	it("says in one sentence what is in the way", async () => {
		await withLab({}, async (lab) => {
			const tunnel = await startTunnel(lab, {
				client: ours,
				server: ours,
				family: 4,
			});
			const off = await run(lab.client, tunscopeArgv("capture", "client_9001"));
			expect(off).toMatchObject({ code: 1, stdout: "" });
			expect(off.stderr).toBe(
				'tunscope: client_9001 keeps no packets: start it with --capture 8MiB, or put "capture: 8MiB" below it in the configuration file.\n',
			);
			const unknown = await run(lab.client, tunscopeArgv("capture", "x"));
			expect(unknown).toMatchObject({
				code: 1,
				stderr:
					"tunscope: no tunnel named x runs here. These do: client_9001.\n",
			});
			await tunnel.stop();
			const none = await run(lab.client, tunscopeArgv("capture", "x"));
			expect(none.code).toBe(3);
			expect(none.stderr).toContain("no tunscope runs here");
		});
	});
});
