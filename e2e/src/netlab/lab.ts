// A lab of two hosts, with or without a router between them: namespaces, veth pairs, addresses, referee, clean-up.

import { endProcesses } from "./lab-process.js";
import { applyLinkProfile, type LinkProfile } from "./link-profile.js";
import {
	createNamespace,
	type Namespace,
	removeStaleNamespaces,
} from "./namespace.js";
import {
	type InvalidCounts,
	installReferee,
	type RefereeMode,
	readInvalidCounts,
} from "./referee.js";
import { waitUntil } from "./wait-until.js";

export interface LabOptions {
	/** "two-hosts": client and server on one link. "with-router": the router stands between, and may be the enemy. */
	readonly shape?: "two-hosts" | "with-router";
	readonly linkProfile?: LinkProfile;
	/** MTU of every veth, 1280 to 65535 bytes. */
	readonly linkMtuBytes?: number;
	/** On every namespace of the lab. Default "strict", because most users have a strict firewall. */
	readonly referee?: RefereeMode;
}

export interface LabHost {
	readonly namespace: Namespace;
	/** The host's veth. */
	readonly interfaceName: string;
	readonly address4: string;
	readonly address6: string;
}

export interface Lab {
	readonly client: LabHost;
	readonly server: LabHost;
	/** Only in a lab "with-router". */
	readonly router: Namespace | null;
	readonly linkMtuBytes: number;
	/** What conntrack called INVALID so far, on all namespaces of the lab together. */
	invalidCounts(): Promise<InvalidCounts>;
	/** Ends processes left inside, then removes everything. Idempotent. */
	tearDown(): Promise<void>;
}

/** Interface names are per namespace, so they need no process id; the namespaces' names carry it. */
const HOST_INTERFACE = "eth0";
export const ROUTER_INTERFACES = ["to-client", "to-server"] as const;
const DEFAULT_LINK_MTU_BYTES = 1500;

/** 198.18.0.0/15 and 2001:db8::/32 are set aside for benchmarks and documentation (RFC 2544, RFC 3849). */
const NET4 = (net: number, host: number) => `198.18.${net}.${host}`;
const NET6 = (net: number, host: number) => `2001:db8:${net}::${host}`;

export async function createLab(options: LabOptions = {}): Promise<Lab> {
	await removeStaleNamespaces();
	const hasRouter = options.shape === "with-router";
	const made: Namespace[] = [];
	const make = async (role: string) => {
		const namespace = await createNamespace(role);
		made.push(namespace);
		return namespace;
	};
	try {
		const client = await make("c");
		const server = await make("s");
		const router = hasRouter ? await make("r") : null;
		const linkMtuBytes = options.linkMtuBytes ?? DEFAULT_LINK_MTU_BYTES;
		const wiring: Wiring = { client, server, router, linkMtuBytes };
		if (router === null) await wireTwoHosts(wiring);
		else await wireRouter({ ...wiring, router });
		for (const namespace of made)
			await installReferee(namespace, options.referee ?? "strict");
		await applyProfile(wiring, options.linkProfile ?? "offload");
		await Promise.all([client, server].map(waitForLink));
		return describeLab(wiring, made);
	} catch (error) {
		await removeAll(made);
		throw error;
	}
}

/** Makes a lab, runs `body` in it, and takes it down whatever happens. */
export async function withLab<T>(
	options: LabOptions,
	body: (lab: Lab) => Promise<T>,
): Promise<T> {
	const lab = await createLab(options);
	try {
		return await body(lab);
	} finally {
		await lab.tearDown();
	}
}

interface Wiring {
	readonly client: Namespace;
	readonly server: Namespace;
	readonly router: Namespace | null;
	readonly linkMtuBytes: number;
}

async function wireTwoHosts(wiring: Wiring): Promise<void> {
	const { client, server, linkMtuBytes } = wiring;
	await client.ip([
		`link add ${HOST_INTERFACE} mtu ${linkMtuBytes} type veth peer name ${HOST_INTERFACE} mtu ${linkMtuBytes} netns ${server.name}`,
	]);
	await bringUp(client, HOST_INTERFACE, [NET4(1, 1), NET6(1, 1)]);
	await bringUp(server, HOST_INTERFACE, [NET4(1, 2), NET6(1, 2)]);
}

async function wireRouter(
	wiring: Wiring & { readonly router: Namespace },
): Promise<void> {
	const { router, linkMtuBytes } = wiring;
	await router.sysctl({
		"net.ipv4.ip_forward": 1,
		"net.ipv6.conf.all.forwarding": 1,
	});
	for (const [index, host] of [wiring.client, wiring.server].entries()) {
		const net = index + 1;
		const routerSide = ROUTER_INTERFACES[index] ?? "to-nobody";
		await host.ip([
			`link add ${HOST_INTERFACE} mtu ${linkMtuBytes} type veth peer name ${routerSide} mtu ${linkMtuBytes} netns ${router.name}`,
		]);
		await bringUp(router, routerSide, [NET4(net, 1), NET6(net, 1)]);
		await bringUp(host, HOST_INTERFACE, [NET4(net, 2), NET6(net, 2)]);
		await host.ip([
			`route add default via ${NET4(net, 1)}`,
			`route add default via ${NET6(net, 1)}`,
		]);
	}
}

async function bringUp(
	namespace: Namespace,
	interfaceName: string,
	[address4, address6]: readonly [string, string],
): Promise<void> {
	await namespace.ip([
		`addr add ${address4}/24 dev ${interfaceName}`,
		// Without "nodad" the address is unusable for the first second or two.
		`addr add ${address6}/64 dev ${interfaceName} nodad`,
		`link set ${interfaceName} up`,
	]);
}

async function applyProfile(
	wiring: Wiring,
	profile: LinkProfile,
): Promise<void> {
	await applyLinkProfile(wiring.client, HOST_INTERFACE, profile);
	await applyLinkProfile(wiring.server, HOST_INTERFACE, profile);
	if (wiring.router === null) return;
	for (const name of ROUTER_INTERFACES)
		await applyLinkProfile(wiring.router, name, profile);
}

/** Link-local addresses take a moment; a snapshot taken before they are there would look like residue later. */
async function waitForLink(namespace: Namespace): Promise<void> {
	await waitUntil(
		async () => {
			const listing = await namespace.run([
				"ip",
				"-6",
				"addr",
				"show",
				"dev",
				HOST_INTERFACE,
			]);
			return listing.includes("fe80::") && !listing.includes("tentative");
		},
		{ what: `link of ${namespace.name} ready`, deadlineMs: 5_000 },
	);
}

function describeLab(wiring: Wiring, made: readonly Namespace[]): Lab {
	const hasRouter = wiring.router !== null;
	return {
		client: describeHost(wiring.client, 1, hasRouter ? 2 : 1),
		server: describeHost(wiring.server, hasRouter ? 2 : 1, 2),
		router: wiring.router,
		linkMtuBytes: wiring.linkMtuBytes,
		invalidCounts: async () => {
			const counts = await Promise.all(made.map(readInvalidCounts));
			return counts.reduce((sum, one) => ({
				input: sum.input + one.input,
				forward: sum.forward + one.forward,
				output: sum.output + one.output,
				total: sum.total + one.total,
			}));
		},
		tearDown: () => removeAll(made),
	};
}

function describeHost(
	namespace: Namespace,
	net: number,
	host: number,
): LabHost {
	return {
		namespace,
		interfaceName: HOST_INTERFACE,
		address4: NET4(net, host),
		address6: NET6(net, host),
	};
}

async function removeAll(made: readonly Namespace[]): Promise<void> {
	const present = made.filter((namespace) => !namespace.isRemoved());
	for (const namespace of present) await endProcesses(namespace);
	for (const namespace of present) await namespace.remove();
}
