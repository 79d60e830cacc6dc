// The way out changes under a running tunnel: address, link, default route, and time itself; noticed within a second, and carried on.

import { beforeAll, describe, expect, it } from "vitest";
import { type Lab, withLab } from "../netlab/lab.js";
import { ours } from "../netlab/tunscope-tunnel.js";
import { pauseMs, waitUntil } from "../netlab/wait-until.js";
import { FIND_KINDS_TIMEOUT_MS, findKinds } from "../tunnel/available-kinds.js";
import { measured } from "../tunnel/measured.js";
import { startTunnel, type TunnelInLab } from "../tunnel/tunnel-in-lab.js";
import { type Conversation, startConversation } from "./conversation.js";
import { matchingLines, noticedAfter } from "./noticed.js";

beforeAll(async () => {
	await findKinds();
}, FIND_KINDS_TIMEOUT_MS);

/** A handshake, and the pace of looks at the host (twice a second). */
const RECOVERY_LIMIT_MS = 3_000;
const START_LIMIT_MS = 6_000;
const STANDSTILL_MS = 20_000;
const SWEEP_LIMIT_MS = 6_000;

interface Scene {
	readonly lab: Lab;
	readonly tunnel: TunnelInLab;
	readonly talk: Conversation;
}

async function withTalk(
	family: 4 | 6,
	body: (scene: Scene) => Promise<void>,
): Promise<void> {
	await withLab({ shape: "with-router" }, async (lab) => {
		const tunnel = await startTunnel(lab, {
			client: ours,
			server: ours,
			family,
		});
		const talk = await startConversation(tunnel.places);
		await talk.carries(START_LIMIT_MS);
		await body({ lab, tunnel, talk });
		await talk.end();
		await tunnel.stop();
	});
}

async function carriesAgain(
	what: string,
	noticedMs: number,
	talk: Conversation,
): Promise<void> {
	const carriedMs = await talk.carries(10_000);
	measured(
		what,
		`noticed ${noticedMs.toFixed(0)} ms, carried ${carriedMs.toFixed(0)} ms after`,
	);
	expect(carriedMs).toBeLessThan(RECOVERY_LIMIT_MS);
}

describe("the client's way out", () => {
	it("packet case 59: it has another address, as after DHCP", async () => {
		await withTalk(4, async ({ lab, tunnel, talk }) => {
			const { namespace } = lab.client;
			const noticedMs = await noticedAfter(
				tunnel.client,
				/198\.18\.1\.2 of eth0 is gone, it is 198\.18\.1\.77 now|There is a route to 198\.18\.2\.2 again.*198\.18\.1\.77/,
				() =>
					namespace.ip([
						"address del 198.18.1.2/24 dev eth0",
						"address add 198.18.1.77/24 dev eth0",
						"route replace default via 198.18.1.1",
					]),
			);
			await carriesAgain("new address", noticedMs, talk);
		});
	});

	it("has another address, IPv6", async () => {
		await withTalk(6, async ({ lab, tunnel, talk }) => {
			const { namespace } = lab.client;
			const noticedMs = await noticedAfter(
				tunnel.client,
				/2001:db8:1::2 of eth0 is gone|There is a route to 2001:db8:2::2 again/,
				() =>
					namespace.ip([
						"address add 2001:db8:1::77/64 dev eth0 nodad",
						"address del 2001:db8:1::2/64 dev eth0",
						"route replace default via 2001:db8:1::1",
					]),
			);
			await carriesAgain("new IPv6 address", noticedMs, talk);
		});
	});

	it("goes down, and comes up again", async () => {
		await withTalk(4, async ({ lab, tunnel, talk }) => {
			const { namespace } = lab.client;
			const goneMs = await noticedAfter(
				tunnel.client,
				/There is no route to 198\.18\.2\.2 now/,
				() => namespace.ip(["link set eth0 down"]),
			);
			// Echoes that came before are still being reported for a moment.
			await waitUntil(() => talk.isSilentFor(600), {
				what: "silence while the link is down",
				deadlineMs: 3_000,
			});
			const noticedMs = await noticedAfter(
				tunnel.client,
				/There is a route to 198\.18\.2\.2 again/,
				() =>
					namespace.ip([
						"link set eth0 up",
						"route replace default via 198.18.1.1",
					]),
			);
			measured("link down", `noticed ${goneMs.toFixed(0)} ms`);
			await carriesAgain("link up", noticedMs, talk);
		});
	});

	it("is another interface", async () => {
		await withTalk(4, async ({ lab, tunnel, talk }) => {
			const { router } = lab;
			if (router === null) throw new Error("this lab has a router");
			const { namespace } = lab.client;
			await namespace.ip([
				`link add eth1 type veth peer name to-client1 netns ${router.name}`,
				"address add 198.18.9.2/24 dev eth1",
				"link set eth1 up",
			]);
			await router.ip([
				"address add 198.18.9.1/24 dev to-client1",
				"link set to-client1 up",
			]);
			const noticedMs = await noticedAfter(
				tunnel.client,
				/The way to 198\.18\.2\.2 changed: by eth1 via 198\.18\.9\.1 from 198\.18\.9\.2/,
				() => namespace.ip(["route replace default via 198.18.9.1"]),
			);
			// A route alone is enough to break: the first interface goes too.
			await namespace.ip(["link set eth0 down"]);
			await carriesAgain("another interface", noticedMs, talk);
		});
	});

	it("packet case 61: it leads into the tunnel itself: said, with the route that helps", async () => {
		await withTalk(4, async ({ lab, tunnel, talk }) => {
			const { namespace } = lab.client;
			const { tunName } = tunnel.client;
			const noticedMs = await noticedAfter(
				tunnel.client,
				/leads into tunscope's own TUN.*ip route add 198\.18\.2\.2\/32 via 198\.18\.1\.1 dev eth0/,
				() =>
					namespace.ip([
						`route add 0.0.0.0/1 dev ${tunName}`,
						`route add 128.0.0.0/1 dev ${tunName}`,
					]),
			);
			const printed =
				/ip (route add 198\.18\.2\.2\/32 via \S+ dev [a-z0-9]+)/.exec(
					tunnel.client.process.stdout(),
				)?.[1] ?? "";
			await namespace.ip([printed]);
			await carriesAgain("route loop", noticedMs, talk);
		});
	});
});

describe("the server", () => {
	it("says that its address is another one", async () => {
		await withTalk(4, async ({ lab, tunnel }) => {
			const noticedMs = await noticedAfter(
				tunnel.server,
				/addresses changed: 198\.18\.2\.2 is gone, 198\.18\.2\.9 is new/,
				() =>
					lab.server.namespace.ip([
						"address add 198.18.2.9/32 dev eth0",
						"address del 198.18.2.2/24 dev eth0",
					]),
			);
			measured("server's address", `noticed ${noticedMs.toFixed(0)} ms`);
		});
	});
});

it.each(["client", "server"] as const)(
	"the rules of the %s, swept by somebody else, are made again",
	async (role) => {
		await withTalk(4, async ({ lab, tunnel, talk }) => {
			const { namespace } = lab[role];
			const noticedMs = await noticedAfter(
				tunnel[role],
				// No event tells of it: the limit is the interval of looks.
				{ pattern: /was taken away by somebody/, limitMs: SWEEP_LIMIT_MS },
				() => namespace.nft("flush ruleset"),
			);
			const ruleset = () => namespace.run(["nft", "list", "ruleset"]);
			await waitUntil(
				async () => (await ruleset()).includes("table inet tunscope_"),
				{ what: "the table again", deadlineMs: 2_000 },
			);
			await carriesAgain(`${role} swept`, noticedMs, talk);
		});
	},
);

it("packet case 59: a process that was stopped for 20 s says so, and its flow goes on", async () => {
	await withTalk(4, async ({ tunnel, talk }) => {
		const { process: running } = tunnel.client;
		process.kill(running.pid, "SIGSTOP");
		await pauseMs(STANDSTILL_MS);
		const noticedMs = await noticedAfter(
			tunnel.client,
			/stood still for (19|2\d)\.\d s/,
			async () => {
				process.kill(running.pid, "SIGCONT");
			},
		);
		await carriesAgain("stood still", noticedMs, talk);
		expect(matchingLines(running, /"flow-closed"/)).toBe(0);
	});
});
