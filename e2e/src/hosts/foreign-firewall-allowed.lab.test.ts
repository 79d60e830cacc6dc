// With --allow-foreign-firewall the tunnel works by itself on hosts whose firewalls stop it, and the firewalls are as before afterwards.

import { beforeAll, describe, expect, it } from "vitest";
import { withLab } from "../netlab/lab.js";
import { ours, whyNoDaemon } from "../netlab/tunscope-tunnel.js";
import {
	placesIn,
	startClientIn,
	startTunnel,
} from "../tunnel/tunnel-in-lab.js";
import { startConversation } from "./conversation.js";
import { dockerLike } from "./docker-host.js";
import { expectGoodGuest } from "./guest-contract.js";
import { type HostKind, placeOf, ROLES, type Role } from "./host-kind.js";
import { iptablesRules, legacyDrop, ufwLike } from "./iptables-firewalls.js";
import {
	firewalldLike,
	foreignNat,
	strictPolicyDrop,
} from "./nft-firewalls.js";

const ALLOWED = ["--allow-foreign-firewall"];
const CARRY_LIMIT_MS = 6_000;

beforeAll(() => {
	const reason = whyNoDaemon();
	if (reason !== null) throw new Error(reason);
});

/** The same host, where nothing has to be said. */
function withoutFix(kind: HostKind): HostKind {
	return { ...kind, fix: { client: null, server: null } };
}

interface Allowed {
	readonly kind: HostKind;
	readonly roles: readonly Role[];
}

const CASES: readonly Allowed[] = [
	{ kind: strictPolicyDrop, roles: ROLES },
	{ kind: dockerLike, roles: ROLES },
	{ kind: firewalldLike, roles: ROLES },
	{ kind: ufwLike, roles: ROLES },
	{ kind: legacyDrop, roles: ROLES },
	// The port of another service is never taken away from it.
	{ kind: foreignNat, roles: ["client"] },
];

describe.each(CASES)("$kind.name", ({ kind, roles }) => {
	it.each(roles)(
		"as the %s: works, stops, crashes and leaves no trace",
		async (role) => {
			await expectGoodGuest({
				kind: withoutFix(kind),
				role,
				extraArguments: ALLOWED,
			});
		},
	);
});

describe("iptables-legacy, whose rules no snapshot shows", () => {
	it("has them as before after a stop, and after kill -9, restart and stop", async () => {
		await withLab({ shape: "with-router", referee: "off" }, async (lab) => {
			const { namespace } = lab.client;
			await legacyDrop.make(placeOf(lab, "client"));
			const before = await iptablesRules(namespace, "legacy");
			const conversation = await startConversation(placesIn(lab, 4));
			const pairing = {
				client: ours,
				server: ours,
				family: 4,
				clientArguments: ALLOWED,
			} as const;
			const tunnel = await startTunnel(lab, pairing);
			await conversation.carries(CARRY_LIMIT_MS);
			expect(await iptablesRules(namespace, "legacy")).toContain(
				"--comment tunscope_client_9001 -j ACCEPT",
			);
			await tunnel.client.process.stop("SIGKILL");
			expect(await iptablesRules(namespace, "legacy")).not.toBe(before);
			const restarted = await startClientIn(lab, pairing);
			await conversation.carries(CARRY_LIMIT_MS);
			const count = (await iptablesRules(namespace, "legacy")).split(
				"tunscope_client_9001",
			);
			expect(count, "rules of ours, and none twice").toHaveLength(1 + 2);
			await restarted.stop();
			expect(await iptablesRules(namespace, "legacy")).toBe(before);
			await tunnel.stop();
			await conversation.end();
		});
	});
});

describe("iptables-nft", () => {
	it("still understands its own chain with our rule in it, and keeps the rule apart from the owner's", async () => {
		await withLab({ shape: "with-router", referee: "off" }, async (lab) => {
			const { namespace } = lab.server;
			await dockerLike.make(placeOf(lab, "server"));
			const before = await iptablesRules(namespace, "nft");
			const tunnel = await startTunnel(lab, {
				client: ours,
				server: ours,
				family: 4,
				serverArguments: ALLOWED,
			});
			const rules = await namespace.run(["iptables-nft-save"]);
			expect(rules).toMatch(
				/-A DOCKER-USER -o \S+ -m comment --comment tunscope_server_4567 -j ACCEPT/,
			);
			// The owner reloads: what it saved comes back with other handles, ours with it.
			await namespace.run(["iptables-nft-restore"], rules);
			await tunnel.stop();
			expect(await iptablesRules(namespace, "nft")).toBe(before);
		});
	});
});
