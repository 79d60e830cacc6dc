// Hosts without a firewall: with nothing at all, with forwarding on already, with a default route by router advertisement.

import { fileURLToPath } from "node:url";
import { startInNamespace } from "../netlab/lab-process.js";
import type { Namespace } from "../netlab/namespace.js";
import { waitUntil } from "../netlab/wait-until.js";
import type { HostKind, HostPlace } from "./host-kind.js";

/** Beside the sources; `dist` has no copy. */
const ADVERTISER = fileURLToPath(
	new URL("../../src/hosts/advertise-router.py", import.meta.url),
);
/** A router that is silent for longer than this is no router any more; short, so that a lost one shows. */
const ROUTER_LIFETIME_SECONDS = 5;
/** Longer than a second, because the lifetime left is shown in whole seconds and must be seen to rise. */
const ADVERTISEMENT_INTERVAL_MS = 1_300;
const ADVERTISED_DEADLINE_MS = 8_000;

export const noFirewall: HostKind = {
	name: "no firewall",
	about: "no rules, forwarding off",
	fix: { client: null, server: null },
	make: async () => undefined,
};

export const forwardingOn: HostKind = {
	name: "forwarding already on",
	about:
		"a router: `net.ipv4.ip_forward` and `net.ipv6.conf.all.forwarding` are 1",
	fix: { client: null, server: null },
	make: ({ host }) =>
		host.namespace.sysctl({
			"net.ipv4.ip_forward": 1,
			"net.ipv6.conf.all.forwarding": 1,
		}),
};

export const routerAdvertised: HostKind = {
	name: "IPv6 by router advertisement",
	about:
		"the IPv6 default route comes from router advertisements, which a forwarding host ignores unless told",
	fix: { client: null, server: null },
	make: learnDefaultRoute,
};

/** The lifetime left of the default route that an advertisement made, in seconds; null without such a route. */
async function advertisedSecondsLeft(
	namespace: Namespace,
): Promise<number | null> {
	const route = await namespace.run(["ip", "-6", "route", "show", "default"]);
	const left = /proto ra.* expires (\d+)sec/.exec(route)?.[1];
	return left === undefined ? null : Number(left);
}

/** Waits until the host has taken in an advertisement sent from now on: the lifetime rises again. */
export async function seesAdvertisements(namespace: Namespace): Promise<void> {
	let least = Number.POSITIVE_INFINITY;
	await waitUntil(
		async () => {
			const left = await advertisedSecondsLeft(namespace);
			if (left === null) return false;
			if (left > least) return true;
			least = Math.min(least, left);
			return false;
		},
		{
			what: "a router advertisement honoured",
			deadlineMs: ADVERTISED_DEADLINE_MS,
		},
	);
}

async function learnDefaultRoute({
	lab,
	role,
	host,
}: HostPlace): Promise<void> {
	const { router } = lab;
	if (router === null) throw new Error("this host needs a router");
	await host.namespace.sysctl({
		[`net.ipv6.conf.${host.interfaceName}.accept_ra`]: 1,
	});
	await host.namespace.run(["ip", "-6", "route", "delete", "default"]);
	startInNamespace(router, {
		argv: [
			...["/usr/bin/python3", ADVERTISER, `to-${role}`],
			String(ROUTER_LIFETIME_SECONDS),
			String(ADVERTISEMENT_INTERVAL_MS),
		],
	});
	await waitUntil(
		async () => (await advertisedSecondsLeft(host.namespace)) !== null,
		{ what: "a default route by advertisement", deadlineMs: 5_000 },
	);
}
