// A unit file made for Phantun: its flags and its own NAT rules, our command under its names, nothing of ours on the host.

import { mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { withLab } from "../netlab/lab.js";
import { startInNamespace } from "../netlab/lab-process.js";
import type { Namespace } from "../netlab/namespace.js";
import { residueBetween, snapshotHost } from "../netlab/residue.js";
import {
	setUpStockClientHost,
	setUpStockServerHost,
} from "../netlab/stock-host.js";
import { tunscopeArgv } from "../netlab/tunscope-tunnel.js";
import { PORTS, placesIn } from "../tunnel/tunnel-in-lab.js";
import { startConversation } from "./conversation.js";

const READY_DEADLINE_MS = 10_000;
const CARRY_LIMIT_MS = 6_000;

it.each([4, 6] as const)(
	"carries over IPv%d with the operator's rules, and makes none",
	async (family) => {
		const folder = mkdtempSync(join(tmpdir(), "tunscope-names-"));
		const [, script = ""] = tunscopeArgv();
		for (const name of ["phantun_client", "phantun_server"])
			symlinkSync(script, join(folder, name));
		const start = async (
			namespace: Namespace,
			name: string,
			words: readonly string[],
		) => {
			const running = startInNamespace(namespace, {
				argv: [join(folder, name), ...words],
			});
			await running.waitForOutput(/"event":"running"/, READY_DEADLINE_MS);
			return running;
		};
		try {
			await withLab({ shape: "with-router" }, async (lab) => {
				const hosts = [lab.client.namespace, lab.server.namespace];
				const rules = [
					await setUpStockClientHost(lab.client, "tun0"),
					await setUpStockServerHost(lab.server, PORTS.fakeTcp),
				];
				const before = await Promise.all(hosts.map(snapshotHost));
				const loopback = family === 4 ? "127.0.0.1" : "[::1]";
				const address =
					family === 4 ? lab.server.address4 : `[${lab.server.address6}]`;
				const ends = [
					await start(lab.server.namespace, "phantun_server", [
						...["--local", String(PORTS.fakeTcp)],
						...["--remote", `${loopback}:${PORTS.target}`],
					]),
					await start(lab.client.namespace, "phantun_client", [
						...["--local", `${loopback}:${PORTS.client}`],
						...["--remote", `${address}:${PORTS.fakeTcp}`],
					]),
				];
				const conversation = await startConversation(placesIn(lab, family));
				await conversation.carries(CARRY_LIMIT_MS);
				for (const host of hosts)
					expect(await host.run(["nft", "list", "tables"])).not.toMatch(
						/tunscope_(client|server)/,
					);
				await conversation.end();
				for (const end of ends) expect((await end.stop()).code).toBe(0);
				const after = await Promise.all(hosts.map(snapshotHost));
				expect(
					before.flatMap((host, place) =>
						residueBetween(host, after[place] ?? {}),
					),
				).toEqual([]);
				for (const { undo } of rules) await undo();
			});
		} finally {
			rmSync(folder, { recursive: true, force: true });
		}
	},
);
