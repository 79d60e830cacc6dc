// A host that is not ready: refused before anything is changed, with an exit code by kind and a fix that works when it is applied.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { registerCleanup } from "../netlab/cleanup.js";
import { type Lab, type LabHost, withLab } from "../netlab/lab.js";
import {
	type ExitOutcome,
	type LabProcess,
	startInNamespace,
} from "../netlab/lab-process.js";
import { residueBetween, snapshotHost } from "../netlab/residue.js";
import { tunscopeArgv } from "../netlab/tunscope-tunnel.js";

const START_LIMIT_MS = 10_000;
const RUNNING = /"event":"running"/;

const inLab = (body: (lab: Lab) => Promise<void>) =>
	withLab({ shape: "with-router" }, body);

const client = (...more: readonly string[]) =>
	tunscopeArgv(
		...["client", "--local", "127.0.0.1:9001"],
		...["--remote", "198.18.2.2:4567", "--json", ...more],
	);
const server = (...more: readonly string[]) =>
	tunscopeArgv(
		...["server", "--local", "4567"],
		...["--remote", "127.0.0.1:9000", "--json", ...more],
	);

interface Refusal {
	readonly code: ExitOutcome["code"];
	/** The one sentence and its fix. */
	readonly text: string;
}

/** Starts what must not start. @throws Error when it leaves anything on the host */
async function refused(
	host: LabHost,
	argv: readonly string[],
	environment: Readonly<Record<string, string>> = {},
): Promise<Refusal> {
	const before = await snapshotHost(host.namespace);
	const running = startInNamespace(host.namespace, {
		argv,
		environment,
		deadlineMs: START_LIMIT_MS,
	});
	const { code } = await running.ended;
	// Another daemon on the host runs `ip` now and then.
	const residue = residueBetween(
		before,
		await snapshotHost(host.namespace),
	).filter((line) => !line.startsWith("processes:"));
	expect(residue).toEqual([]);
	expect(running.stdout()).not.toMatch(/"tun-opened"/);
	return { code, text: running.stderr() };
}

async function starts(
	host: LabHost,
	argv: readonly string[],
	environment: Readonly<Record<string, string>> = {},
): Promise<LabProcess> {
	const running = startInNamespace(host.namespace, { argv, environment });
	await running.waitForOutput(RUNNING, START_LIMIT_MS);
	return running;
}

/** A program that holds a port until it is stopped. */
async function holding(host: LabHost, script: string): Promise<LabProcess> {
	const holder = startInNamespace(host.namespace, {
		argv: [process.execPath, "-e", script],
	});
	await holder.waitForOutput(/bound/, START_LIMIT_MS);
	return holder;
}

describe("what this host has already", () => {
	it("packet case 69: a LAN where the TUN's addresses lie: others are taken; if they were asked for: 78, and the printed ones work", async () => {
		await inLab(async ({ client: host }) => {
			await host.namespace.ip([
				"link add lan0 type veth peer name lan1",
				"address add 192.168.201.7/22 dev lan0",
				"link set lan0 up",
				"link set lan1 up",
			]);
			const unasked = await starts(host, client());
			const addresses = await host.namespace.run(["ip", "address"]);
			expect(addresses).not.toContain("192.168.200.1 peer");
			await unasked.stop();
			const asked = ["--tun-local", "192.168.200.1"];
			const { code, text } = await refused(host, client(...asked));
			expect(code).toBe(78);
			expect(text).toContain("192.168.200.0/22, which this host reaches");
			const flags = /--tun-local .*(?=\.$)/m.exec(text)?.[0].split(" ") ?? [];
			expect(flags).toHaveLength(8);
			await (await starts(host, client(...flags))).stop();
		});
	});

	it("the TUN's name: 73", async () => {
		await inLab(async ({ client: host }) => {
			const { code, text } = await refused(host, client("--tun", "eth0"));
			expect(code).toBe(73);
			expect(text).toMatch(/an interface eth0 already, and it is no TUN/);
			const first = await starts(host, client("--tun", "mine0"));
			const second = await refused(
				host,
				tunscopeArgv(
					...["client", "--local", "127.0.0.1:9002"],
					...["--remote", "198.18.2.2:4567", "--tun", "mine0"],
				),
			);
			expect(second.code).toBe(73);
			expect(second.text).toContain(`(pid ${first.pid})`);
			await first.stop();
		});
	});

	it("a program on the UDP port: 69, by name and pid", async () => {
		await inLab(async ({ client: host }) => {
			const holder = await holding(
				host,
				'require("dgram").createSocket("udp4").bind(9001, () => console.log("bound"))',
			);
			const { code, text } = await refused(host, client());
			expect(code).toBe(69);
			expect(text).toContain(`(pid ${holder.pid})`);
			await holder.stop("SIGKILL");
			await (await starts(host, client())).stop();
		});
	});

	it("a program on the server's TCP port: 69, unless it listens for this host alone", async () => {
		await inLab(async ({ server: host }) => {
			const listen = (address: string) =>
				`require("net").createServer().listen(4567, "${address}", () => console.log("bound"))`;
			const holder = await holding(host, listen("::"));
			const { code, text } = await refused(host, server());
			expect(code).toBe(69);
			expect(text).toContain(`(pid ${holder.pid})`);
			await holder.stop("SIGKILL");
			const local = await holding(host, listen("127.0.0.1"));
			await (await starts(host, server())).stop();
			await local.stop("SIGKILL");
		});
	});
});

describe("the way to the server", () => {
	it("that is not there: 69", async () => {
		await inLab(async ({ client: host }) => {
			await host.namespace.ip(["route del default"]);
			const { code, text } = await refused(host, client());
			expect(code).toBe(69);
			expect(text).toContain("no route to the server 198.18.2.2");
		});
	});

	it("that leads into a tunnel: 78, and the printed route helps", async () => {
		await inLab(async ({ client: host }) => {
			const first = await starts(host, client("--tun", "mine0"));
			await host.namespace.ip([
				"route add 0.0.0.0/1 dev mine0",
				"route add 128.0.0.0/1 dev mine0",
			]);
			// It has lost its way out too; what it changes for that must not look like residue of the second.
			await first.waitForOutput(/leads into tunscope's own/, START_LIMIT_MS);
			const second = tunscopeArgv(
				...["client", "--local", "127.0.0.1:9002", "--json"],
				...["--remote", "198.18.2.2:4567"],
				...["--tun-local", "192.168.210.1", "--tun-peer", "192.168.210.2"],
				...["--tun-local6", "fcd2::1", "--tun-peer6", "fcd2::2"],
			);
			const { code, text } = await refused(host, second);
			expect(code).toBe(78);
			const fix = /ip (route add 198\.18\.2\.2\/32 .*)$/m.exec(text)?.[1] ?? "";
			await host.namespace.ip([fix.trim()]);
			await (await starts(host, second)).stop();
			await first.stop();
		});
	});
});

/** WireGuard's own tool, as far as it is asked: this kernel has no WireGuard, and no peer is needed to see the trap. */
const WG = `#!/bin/sh
[ "$1 $2 $3" = "show wg0 endpoints" ] && printf 'key=\\t127.0.0.1:9001\\n'
`;

it("packet case 61: a full tunnel's route into the WireGuard device that this tunnel serves: 78, and the printed route helps", async () => {
	const folder = mkdtempSync(join(tmpdir(), "tunscope-wg-"));
	const remove = () => rmSync(folder, { recursive: true, force: true });
	const unregister = registerCleanup(remove);
	try {
		writeFileSync(join(folder, "wg"), WG, { mode: 0o755 });
		const PATH = `${folder}:${process.env.PATH ?? ""}`;
		await inLab(async ({ client: host }) => {
			await host.namespace.ip([
				"tuntap add wg0 mode tun",
				"address add 10.8.0.2/24 dev wg0",
				"link set wg0 up",
				"route add 0.0.0.0/1 dev wg0",
				"route add 128.0.0.0/1 dev wg0",
			]);
			const { code, text } = await refused(host, client(), { PATH });
			expect(code).toBe(78);
			expect(text).toContain("WireGuard device wg0, which this tunnel serves");
			const fix = /ip (route add 198\.18\.2\.2\/32 .*)$/m.exec(text)?.[1] ?? "";
			await host.namespace.ip([fix.trim()]);
			await (await starts(host, client(), { PATH })).stop();
		});
	} finally {
		unregister();
		remove();
	}
});

/** As `nobody`, with some capabilities, and a /dev/net/tun that everybody may open (in this mount namespace only). */
function asNobody(
	capabilities: string,
	argv: readonly string[],
	tunMode = "666",
): readonly string[] {
	const prepare = `mount -t tmpfs none /dev/net && mknod -m ${tunMode} /dev/net/tun c 10 200 && exec "$@"`;
	return [
		...["sh", "-c", prepare, "sh"],
		...["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"],
		...["--inh-caps", capabilities, "--ambient-caps", capabilities],
		...["--bounding-set", capabilities, ...argv],
	];
}

describe("rights", () => {
	const NET_ADMIN = "-all,+net_admin";

	it("none: 77; a closed device: 77; no folder for the record: 73; a low port: 77", async () => {
		await inLab(async ({ client: host }) => {
			const none = await refused(host, asNobody("-all", client()));
			expect(none.code).toBe(77);
			expect(none.text).toContain(
				"CAP_NET_ADMIN, and this process has neither",
			);
			const closed = await refused(host, asNobody(NET_ADMIN, client(), "600"));
			expect(closed.code).toBe(77);
			expect(closed.text).toContain("may not open /dev/net/tun");
			const folderless = await refused(host, asNobody(NET_ADMIN, client()));
			expect(folderless.code).toBe(73);
			expect(folderless.text).toContain("TUNSCOPE_RUNTIME_DIR");
			const low = tunscopeArgv(
				...["client", "--local", "127.0.0.1:90"],
				...["--remote", "198.18.2.2:4567"],
			);
			const port = await refused(host, asNobody(NET_ADMIN, low), {
				TUNSCOPE_RUNTIME_DIR: tmpdir(),
			});
			expect(port.code).toBe(77);
			expect(port.text).toContain("CAP_NET_BIND_SERVICE");
		});
	});

	it("CAP_NET_ADMIN and a folder are enough, and nothing is left behind", async () => {
		const folder = mkdtempSync(join(tmpdir(), "tunscope-nobody-"));
		const remove = () => rmSync(folder, { recursive: true, force: true });
		const unregister = registerCleanup(remove);
		try {
			await inLab(async ({ client: host, server: other }) => {
				await host.namespace.run(["chown", "65534", folder]);
				const environment = { TUNSCOPE_RUNTIME_DIR: folder };
				for (const [place, argv] of [
					[host, client()],
					[other, server()],
				] as const) {
					const before = await snapshotHost(place.namespace);
					const running = await starts(
						place,
						asNobody(NET_ADMIN, argv),
						environment,
					);
					expect((await running.stop()).code).toBe(0);
					const after = await snapshotHost(place.namespace);
					expect(residueBetween(before, after)).toEqual([]);
				}
			});
		} finally {
			unregister();
			remove();
		}
	});
});
