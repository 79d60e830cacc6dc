// The server by its name: the name leads elsewhere, its first address is a black hole, its IPv6 address has no route.

import {
	mkdirSync,
	readdirSync,
	rmdirSync,
	rmSync,
	writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { registerCleanup } from "../netlab/cleanup.js";
import { type Lab, withLab } from "../netlab/lab.js";
import type { TunnelEnd } from "../netlab/tunnel-options.js";
import { ours } from "../netlab/tunscope-tunnel.js";
import { waitUntil } from "../netlab/wait-until.js";
import { FIND_KINDS_TIMEOUT_MS, findKinds } from "../tunnel/available-kinds.js";
import { measured } from "../tunnel/measured.js";
import { PORTS, placesIn } from "../tunnel/tunnel-in-lab.js";
import { type Conversation, startConversation } from "./conversation.js";
import { matchingLines } from "./noticed.js";

beforeAll(async () => {
	await findKinds();
}, FIND_KINDS_TIMEOUT_MS);

const NAME = "vpn.lab.test";
const TARGET_NAME = "target.lab.test";
const START_LIMIT_MS = 6_000;
/** 5 s of silence, a question at most every 3 s, a handshake. */
const MOVE_LIMIT_MS = 9_000;
/** One second for each address that does not answer, and the pace of the traffic's reports. */
const BLACK_HOLE_LIMIT_MS = 3_000;
const ETC = "/etc/netns";

interface Scene {
	readonly lab: Lab;
	readonly client: TunnelEnd;
	readonly server: TunnelEnd;
	readonly talk: Conversation;
	readonly setName: (addresses: readonly string[]) => void;
}

/** `ip netns exec` shows a file of /etc/netns/NAME as if it were in /etc. */
async function withName(
	addresses: readonly string[],
	body: (scene: Scene) => Promise<void>,
	prepare: (lab: Lab) => Promise<void> = async () => {},
): Promise<void> {
	await withLab({ shape: "with-router" }, async (lab) => {
		const hosts = [lab.client, lab.server];
		const folders = hosts.map(({ namespace }) => join(ETC, namespace.name));
		const remove = () => {
			for (const folder of folders)
				rmSync(folder, { recursive: true, force: true });
			// Nobody else's folders in it: it was ours.
			if (readdirSync(ETC).length === 0) rmdirSync(ETC);
		};
		const unregister = registerCleanup(remove);
		const setName = (list: readonly string[]) => {
			const rows = list.map((address) => `${address} ${NAME}\n`);
			// On a server, the name of its target; an application that hears IPv4 only, as most do.
			rows.push(`::1 ${TARGET_NAME}\n127.0.0.1 ${TARGET_NAME}\n`);
			for (const folder of folders)
				writeFileSync(join(folder, "hosts"), rows.join(""));
		};
		try {
			for (const folder of folders) mkdirSync(folder, { recursive: true });
			setName(addresses);
			await prepare(lab);
			const server = await ours.startServer({
				host: lab.server,
				port: PORTS.fakeTcp,
				targetAddress: TARGET_NAME,
				targetPort: PORTS.target,
			});
			const client = await ours.startClient({
				host: lab.client,
				localAddress: "127.0.0.1",
				localPort: PORTS.client,
				serverAddress: NAME,
				serverPort: PORTS.fakeTcp,
			});
			const talk = await startConversation(placesIn(lab, 4));
			await body({ lab, client, server, talk, setName });
			await talk.end();
			await client.stop();
			await server.stop();
		} finally {
			unregister();
			remove();
		}
	});
}

/** From 198.18.2.2 to 198.18.2.9; nothing answers for the old address any more, not even with an error. */
async function moveServer(lab: Lab): Promise<void> {
	await lab.server.namespace.ip([
		"address del 198.18.2.2/24 dev eth0",
		"address add 198.18.2.9/24 dev eth0",
		"route replace default via 198.18.2.1",
	]);
	await blackHole(lab, "198.18.2.2");
}

async function blackHole(lab: Lab, address: string): Promise<void> {
	await lab.router?.nft(`table inet hole {
	chain forward {
		type filter hook forward priority 0;
		ip daddr ${address} drop
	}
}`);
}

function say(what: string, carriedMs: number): void {
	measured(what, `carried after ${carriedMs.toFixed(0)} ms`);
}

describe("a server's name", () => {
	it("packet case 58: it is asked again when the server is silent, and traffic follows it", async () => {
		await withName(["198.18.2.2"], async ({ lab, client, talk, setName }) => {
			await talk.carries(START_LIMIT_MS);
			// First the name, as an orderly operator would: nothing may happen to the flow that is open.
			setName(["198.18.2.9"]);
			await talk.carries(START_LIMIT_MS);
			expect(matchingLines(client.process, /"flow-closed"/)).toBe(0);
			await moveServer(lab);
			const startedMs = performance.now();
			const news = /leads to 198\.18\.2\.9 now, before to 198\.18\.2\.2/;
			await waitUntil(() => matchingLines(client.process, news) > 0, {
				what: "the name asked again",
				deadlineMs: MOVE_LIMIT_MS,
			});
			await talk.carries(MOVE_LIMIT_MS);
			const carriedMs = performance.now() - startedMs;
			say("server moved, name first", carriedMs);
			expect(carriedMs).toBeLessThan(MOVE_LIMIT_MS);
		});
	});

	it("is asked until it leads to where the server is", async () => {
		await withName(["198.18.2.2"], async ({ lab, talk, setName }) => {
			await talk.carries(START_LIMIT_MS);
			await moveServer(lab);
			await waitUntil(() => talk.isSilentFor(7_000), {
				what: "7 s of silence",
				deadlineMs: 9_000,
			});
			setName(["198.18.2.9"]);
			const carriedMs = await talk.carries(MOVE_LIMIT_MS);
			say("server moved, name 7 s later", carriedMs);
			// Silent long enough already: the next question, and a handshake.
			expect(carriedMs).toBeLessThan(MOVE_LIMIT_MS - 4_000);
		});
	});

	it("that is a target's, and whose first address refuses, is used by the other", async () => {
		await withName(["198.18.2.2"], async ({ talk, server }) => {
			const carriedMs = await talk.carries(START_LIMIT_MS);
			say("target refuses on ::1", carriedMs);
			expect(server.process.stdout()).toMatch(/target refuses datagrams/);
			expect(server.process.stdout()).toMatch(/takes datagrams again/);
		});
	});

	it("with a black hole among its addresses costs a second, once", async () => {
		await withName(
			["198.18.2.200", "198.18.2.2"],
			async ({ client, talk }) => {
				const carriedMs = await talk.carries(START_LIMIT_MS);
				say("first address black-holed", carriedMs);
				expect(carriedMs).toBeLessThan(BLACK_HOLE_LIMIT_MS);
				expect(client.process.stdout()).toMatch(/flow opened: 198\.18\.2\.2:/);
			},
			(lab) => blackHole(lab, "198.18.2.200"),
		);
	});

	it("with an IPv6 address that this host has no route to uses the other", async () => {
		await withName(
			["2001:db8:2::2", "198.18.2.2"],
			async ({ client, talk }) => {
				const carriedMs = await talk.carries(START_LIMIT_MS);
				say("no IPv6 route", carriedMs);
				expect(client.process.stdout()).toMatch(/flow opened: 198\.18\.2\.2:/);
				expect(client.process.stdout()).not.toMatch(/moved/);
			},
			async ({ client }) => {
				await client.namespace.run(["ip", "-6", "route", "flush", "default"]);
			},
		);
	});
});
