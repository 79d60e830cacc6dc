// Puts a user-space link between the two sides of a lab's router, whose impairments are seeded and change at run time.

import { fileURLToPath } from "node:url";
import { type Lab, ROUTER_INTERFACES } from "../lab.js";
import { type LabProcess, startInNamespace } from "../lab-process.js";
import { createLineSplitter } from "../line-splitter.js";
import type { Namespace } from "../namespace.js";
import { waitUntil } from "../wait-until.js";
import { DIRECTIONS, type Direction, type Impairments } from "./impairments.js";
import type { LinkCommand, LinkConfig } from "./link-config.js";
import type { WatchedStream } from "./link-direction.js";
import {
	type DirectionLedger,
	type LinkLine,
	linkLineSchema,
} from "./link-ledger.js";

export interface ImpairedLinkOptions {
	/** Same seed, same fates: the n-th packet of a direction meets the same. */
	readonly seed: number;
	readonly up?: Impairments;
	readonly down?: Impairments;
	/** Test streams whose flow 0 is followed to the end of the link: see `DirectionLedger.watched`. */
	readonly watchUp?: WatchedStream;
	readonly watchDown?: WatchedStream;
	/**
	 * "none" (default): the router's own conntrack sees nothing, as on a plain wire. "zones": it is two routers with a
	 * wire between them; NAT belongs to the server's side (oifname or iifname "to-server").
	 */
	readonly routerTracking?: "none" | "zones";
}

export interface ImpairedLink {
	/** A direction that is not given stays as it is. Resolves once it is in force. */
	set(impairments: {
		readonly up?: Impairments;
		readonly down?: Impairments;
	}): Promise<void>;
	/** Path MTU of a direction as routers have it: too big is answered with ICMP, or cut where DF is clear (IPv4). */
	setMtu(direction: Direction, bytes: number): Promise<void>;
	ledger(): Promise<Readonly<Record<Direction, DirectionLedger>>>;
	/** Waits until nothing is on its way. @throws DeadlineError */
	drain(deadlineMs: number): Promise<void>;
	/** Takes the link out again: the router forwards directly. Idempotent; taking the lab down does as well. */
	stop(): Promise<void>;
}

const ENTRY = fileURLToPath(
	new URL("../../../dist/netlab/impaired-link/main.js", import.meta.url),
);
const TABLE = "impaired_link";
const [CLIENT_SIDE, SERVER_SIDE] = ROUTER_INTERFACES;
const TUNS = { up: "link-c", down: "link-s" } as const;
const SIDES = { up: CLIENT_SIDE, down: SERVER_SIDE } as const;
const ROUTING_TABLES = { up: "101", down: "102" } as const;
const FAMILIES = ["-4", "-6"] as const;
/** The default of 500 packets would be a second, unseeded impairment. */
const QUEUE_PACKETS = 10_000;
const ANSWER_DEADLINE_MS = 5_000;

/** @param lab "with-router". @throws Error or DeadlineError when the link does not come up. */
export async function startImpairedLink(
	lab: Lab,
	options: ImpairedLinkOptions,
): Promise<ImpairedLink> {
	const { router } = lab;
	if (router === null) throw new Error("an impaired link needs a router");
	const answers = new Map<number, LinkLine>();
	const running = startInNamespace(router, {
		// Ahead of what it is to impair: on two busy cores its own lateness would be an impairment nobody asked for.
		argv: [
			...["nice", "-n", "-10", process.execPath, ENTRY],
			JSON.stringify(configOf(options)),
		],
		onOutput: createLineSplitter((text) => {
			if (!text.startsWith("{")) return;
			const line = linkLineSchema.parse(JSON.parse(text));
			if (line.event !== "ready") answers.set(line.id, line);
		}),
	});
	try {
		await running.waitForOutput(/"event":"ready"/, ANSWER_DEADLINE_MS);
		await leadThrough(router, lab.linkMtuBytes, options.routerTracking);
	} catch (error) {
		await running.stop();
		throw error;
	}
	return describeLink(router, running, answers);
}

function configOf(options: ImpairedLinkOptions): LinkConfig {
	return {
		client: TUNS.up,
		server: TUNS.down,
		seed: options.seed,
		up: options.up ?? {},
		down: options.down ?? {},
		watchUp: options.watchUp ?? null,
		watchDown: options.watchDown ?? null,
	};
}

type Order =
	| { readonly command: "ledger" }
	| Omit<Extract<LinkCommand, { command: "set" }>, "id">;

function describeLink(
	router: Namespace,
	running: LabProcess,
	answers: ReadonlyMap<number, LinkLine>,
): ImpairedLink {
	let orders = 0;
	let isStopped = false;
	const ask = (order: Order): Promise<LinkLine> => {
		orders += 1;
		const id = orders;
		running.writeInput(`${JSON.stringify({ ...order, id })}\n`);
		return waitUntil(
			() => {
				if (running.outcome() !== null)
					throw new Error(`the impaired link ended: ${running.stderr()}`);
				return answers.get(id);
			},
			{
				what: `the link's answer to ${order.command}`,
				deadlineMs: ANSWER_DEADLINE_MS,
				intervalMs: 2,
			},
		);
	};
	const ledger = async () => {
		const line = await ask({ command: "ledger" });
		if (line.event !== "ledger") throw new Error("not a ledger");
		return { up: line.up, down: line.down };
	};
	return {
		set: async (impairments) => {
			await ask({ command: "set", ...impairments });
		},
		setMtu: (direction, bytes) =>
			router.ip([`link set ${TUNS[direction]} mtu ${bytes}`]),
		ledger,
		drain: async (deadlineMs) => {
			await waitUntil(
				async () => {
					const { up, down } = await ledger();
					return up.waiting + down.waiting === 0;
				},
				{ what: "the link empty", deadlineMs },
			);
		},
		stop: async () => {
			if (isStopped) return;
			isStopped = true;
			await stopLeading(router);
			await running.stop();
		},
	};
}

/** Policy routing: what comes from a host leaves by that side's TUN; what comes out of the link, by the main table. */
async function leadThrough(
	router: Namespace,
	linkMtuBytes: number,
	tracking: ImpairedLinkOptions["routerTracking"] = "none",
): Promise<void> {
	await router.sysctl({
		"net.ipv4.conf.all.rp_filter": 0,
		[`net.ipv4.conf.${TUNS.up}.rp_filter`]: 0,
		[`net.ipv4.conf.${TUNS.down}.rp_filter`]: 0,
	});
	await router.nft(trackingRules(tracking));
	await router.ip(
		[TUNS.up, TUNS.down].flatMap((tun) => [
			`link set ${tun} addrgenmode none`,
			`link set ${tun} mtu ${linkMtuBytes} txqueuelen ${QUEUE_PACKETS}`,
			`link set ${tun} up`,
		]),
	);
	for (const direction of DIRECTIONS)
		for (const family of FAMILIES)
			await router.run([
				...["ip", family, "route", "add", "default", "dev", TUNS[direction]],
				...["table", ROUTING_TABLES[direction]],
			]);
	await changeRules(router, "add");
}

/** The TUNs and their routes go with the process. */
async function stopLeading(router: Namespace): Promise<void> {
	if (router.isRemoved()) return;
	await changeRules(router, "delete");
	await router.nft(`delete table inet ${TABLE}`);
}

async function changeRules(
	router: Namespace,
	verb: "add" | "delete",
): Promise<void> {
	for (const direction of DIRECTIONS)
		for (const family of FAMILIES)
			await router.run([
				...["ip", family, "rule", verb, "iif", SIDES[direction]],
				...["lookup", ROUTING_TABLES[direction]],
			]);
}

/** Every packet passes the router's hooks twice, before and behind the link, and conntrack must not confuse the two. */
function trackingRules(tracking: "none" | "zones"): string {
	const quote = (names: readonly string[]) =>
		names.map((name) => `"${name}"`).join(", ");
	const before = [CLIENT_SIDE, TUNS.up];
	const behind = [SERVER_SIDE, TUNS.down];
	const isTracked = tracking === "zones";
	const verdict = (zone: number) =>
		isTracked ? `ct zone set ${zone}` : "notrack";
	// Output: what the router itself says is ICMP about those packets, and INVALID in any other zone than theirs.
	return `table inet ${TABLE} {
	chain before {
		type filter hook prerouting priority raw; policy accept;
		iifname { ${quote(before)} } ${verdict(1)}
		iifname { ${quote(behind)} } ${verdict(2)}
	}
	chain own {
		type filter hook output priority raw; policy accept;
		oifname { ${quote(before)} } ${verdict(1)}
		oifname { ${quote(behind)} } ${verdict(2)}
	}
}
`;
}
