import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CONTROL_VERSION, instanceDescriptionSchema } from "@tunscope/shared";
import type { TunnelDescription } from "@tunscope/shared/lean";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { readEnvironment } from "../config/environment.js";
import { ControlServer } from "../control/control-server.js";
import { describedTunnel } from "../control/testing/described-tunnel.js";
import { statusOnly } from "../control/testing/status-only.js";
import { controlDirectoryIn } from "../system/control-socket-files.js";
import { runStatus } from "./status.js";

let runtimeDirectory = "";
const open: ControlServer[] = [];
beforeEach(() => {
	runtimeDirectory = mkdtempSync(join(tmpdir(), "tunscope-status-"));
});
afterEach(async () => {
	for (const server of open.splice(0)) await server.close();
	rmSync(runtimeDirectory, { recursive: true, force: true });
});

async function startInstance(
	pid: number,
	...tunnels: readonly TunnelDescription[]
): Promise<void> {
	open.push(
		await ControlServer.open({
			directory: controlDirectoryIn(runtimeDirectory),
			pid,
			respond: statusOnly(async () => ({
				version: CONTROL_VERSION,
				kind: "status",
				pid,
				tunscope: "1.2.3",
				uptimeMs: 1,
				tunnels: [...tunnels],
			})),
		}),
	);
}

async function status(
	names: readonly string[] = [],
	terminal: { isTTY: boolean; isJson?: boolean } = { isTTY: true },
) {
	const written = { out: "", err: "" };
	const into = (stream: "out" | "err") => (text: string | Uint8Array) => {
		written[stream] += String(text);
		return true;
	};
	const code = await runStatus({
		question: { names, isJson: terminal.isJson ?? false },
		environment: {
			...readEnvironment(),
			runtimeDirectory,
			isColourUnwanted: true,
			language: "en",
		},
		out: { write: into("out"), isTTY: terminal.isTTY, columns: 100 },
		err: { write: into("err") },
	});
	return { code, ...written };
}

describe("tunscope status", () => {
	it("lists the tunnels of all instances, and ends in 0 when all run", async () => {
		await startInstance(2, describedTunnel({ name: "b" }));
		await startInstance(
			1,
			describedTunnel({ name: "a" }),
			describedTunnel({ name: "c" }),
		);
		const { code, out, err } = await status();
		expect(out).toMatch(/^NAME .*\na .*\nc .*\nb .*\n/);
		expect({ code, err }).toEqual({ code: 0, err: "" });
	});

	it("shows the named ones only, and ends in 1 when one is not there", async () => {
		await startInstance(1, describedTunnel({ name: "a" }));
		await startInstance(2, describedTunnel({ name: "b" }));
		const one = await status(["b"]);
		expect(one.out).toMatch(/^NAME .*\nb /);
		expect(one.out).not.toMatch(/^a /m);
		expect(one.code).toBe(0);
		const { code, out, err } = await status(["b", "x"]);
		expect(out).toMatch(/^b /m);
		expect(err).toBe(
			"tunscope: no tunnel named x runs here. These do: a, b.\n",
		);
		expect(code).toBe(1);
	});

	it("ends in 1 when a tunnel is in any state but running", async () => {
		for (const state of [
			"starting",
			"waiting",
			"tun-lost",
			"restarting",
			"stopping",
			"stopped",
			"failed",
		] as const) {
			await startInstance(1, describedTunnel(), describedTunnel({ state }));
			expect((await status()).code, state).toBe(1);
			await open.pop()?.close();
		}
	});

	it("prints one JSON document without a terminal or with --json", async () => {
		await startInstance(1, describedTunnel());
		for (const terminal of [{ isTTY: false }, { isTTY: true, isJson: true }]) {
			const { code, out } = await status([], terminal);
			const document = JSON.parse(out);
			expect(document).toMatchObject({ version: 1, silent: [], dead: [] });
			for (const instance of document.instances)
				instanceDescriptionSchema.parse({
					version: CONTROL_VERSION,
					kind: "status",
					...instance,
				});
			expect(document.instances[0].tunnels).toEqual([describedTunnel()]);
			expect(code).toBe(0);
		}
	});

	it("says that nothing runs, and what to do, and ends in 3", async () => {
		const { code, out, err } = await status(["a"]);
		expect(out).toBe("");
		expect(err).toBe(
			"tunscope: no tunscope runs here: start one with `tunscope client`, `tunscope server` or `tunscope up`.\n",
		);
		expect(code).toBe(3);
	});

	it("says that something runs in another network namespace only", async () => {
		mkdirSync(join(runtimeDirectory, "1"));
		open.push(
			await ControlServer.open({
				directory: join(runtimeDirectory, "1"),
				pid: 1,
				respond: () => Promise.reject(new Error("not asked")),
			}),
		);
		const { code, err } = await status();
		expect(err).toContain("One runs in another network namespace");
		expect(code).toBe(3);
	});

	it("ends in 1 when one of the instances does not tell", async () => {
		await startInstance(1, describedTunnel());
		open.push(
			await ControlServer.open({
				directory: controlDirectoryIn(runtimeDirectory),
				pid: 2,
				respond: () => Promise.reject(new Error("broken")),
			}),
		);
		const { code, out, err } = await status();
		expect(out).toContain("connected");
		expect(err).toContain("process 2 does not tell its status: The status");
		expect(code).toBe(1);
		await open.shift()?.close();
		expect((await status()).code).toBe(1);
	});

	it("says that an instance has no tunnel, which is no failure", async () => {
		await startInstance(1);
		const { code, err } = await status();
		expect(err).toContain("has no tunnel");
		expect(code).toBe(0);
	});
});
