// Rows 13 and 14: a strict router forgets, everything is swallowed, ports change, peers are killed; the tunnel heals by itself.

import { beforeAll, describe, it } from "vitest";
import { type Conversation, startConversation } from "../hosts/conversation.js";
import { type Lab, withLab } from "../netlab/lab.js";
import type { TunnelEnd } from "../netlab/tunnel-options.js";
import { DeadlineError, waitUntil } from "../netlab/wait-until.js";
import {
	type AvailableKinds,
	FIND_KINDS_TIMEOUT_MS,
	findKinds,
	type KindName,
} from "../tunnel/available-kinds.js";
import { countLogged } from "../tunnel/daemon-log.js";
import {
	type Pairing,
	placesIn,
	startClientIn,
	startServerIn,
	startTunnel,
	type TunnelInLab,
} from "../tunnel/tunnel-in-lab.js";
import {
	makeStrict,
	type StrictRouter,
	swallowEverything,
	translateTo,
} from "./enemy-router.js";
import { measureRow, type RowOutcome } from "./measure-row.js";
import { COLUMNS, type Column, isLongForm } from "./row-form.js";

const CARRY_LIMIT_MS = 6_000;
const RESUME_LIMIT_MS = 3_000;
const NOTICE_LIMIT_MS = 10_000;
const MAX_RESETS = 4;
/** Row 14's minute, or just long enough for the client to notice and to fail a handshake. */
const BLACKOUT_MS = isLongForm ? 60_000 : 12_000;

const PORTS = {
	before: { first: 20_000, last: 20_999 },
	after: { first: 21_000, last: 21_999 },
	only: { first: 22_000, last: 22_000 },
} as const;

interface Case {
	readonly column: Column;
	readonly client: KindName;
	readonly server: KindName;
}

const CASES: readonly Case[] = COLUMNS.flatMap((column): Case[] =>
	column === "ours"
		? [
				{ column, client: "ours", server: "ours" },
				{ column, client: "ours", server: "stock" },
			]
		: [{ column, client: "stock", server: "stock" }],
);

let kinds: AvailableKinds;
beforeAll(async () => {
	kinds = await findKinds();
}, FIND_KINDS_TIMEOUT_MS);

interface Scene {
	readonly lab: Lab;
	readonly pairing: Pairing;
	readonly tunnel: TunnelInLab;
	readonly conversation: Conversation;
}

/** A conversation through a tunnel that works when `body` begins. */
async function talking<Prepared>(
	{ client, server }: Case,
	prepare: (lab: Lab) => Promise<Prepared>,
	body: (scene: Scene, prepared: Prepared) => Promise<RowOutcome>,
): Promise<RowOutcome> {
	const pairing: Pairing = {
		client: kinds.get(client),
		server: kinds.get(server),
		family: 4,
	};
	return withLab({ shape: "with-router", referee: "off" }, async (lab) => {
		const prepared = await prepare(lab);
		const tunnel = await startTunnel(lab, pairing);
		const conversation = await startConversation(placesIn(lab, 4));
		try {
			await conversation.carries(CARRY_LIMIT_MS);
			return await body({ lab, pairing, tunnel, conversation }, prepared);
		} finally {
			await conversation.end();
			await tunnel.stop();
		}
	});
}

function whyNot({ client, server }: Case): string | null {
	return kinds.whyNot(client) ?? kinds.whyNot(server);
}

/** Null when nothing comes back in time. */
function resumedMs(conversation: Conversation): Promise<number | null> {
	return conversation.carries(2 * RESUME_LIMIT_MS).catch((error: unknown) => {
		if (error instanceof DeadlineError) return null;
		throw error;
	});
}

const isSoon = (ms: number | null): boolean =>
	ms !== null && ms <= RESUME_LIMIT_MS;

function afterText(ms: number | null): string {
	return ms === null
		? `nothing within ${2 * RESUME_LIMIT_MS} ms`
		: `the next echo after ${ms.toFixed(0)} ms`;
}

async function flushStrictRouter(
	{ conversation }: Scene,
	strict: StrictRouter,
): Promise<RowOutcome> {
	const before = await strict.counts();
	await strict.flush();
	const ms = await resumedMs(conversation);
	const resets = (await strict.counts()).resets - before.resets;
	return {
		measured: `${before.invalid} INVALID before the flush; ${afterText(ms)}, ${resets} resets`,
		isMet: before.invalid === 0 && isSoon(ms) && resets <= MAX_RESETS,
	};
}

/** @returns milliseconds until the client has said that its peer is silent; null when it does not. */
function noticedMs(client: TunnelEnd): Promise<number | null> {
	const startedMs = performance.now();
	return waitUntil(
		() =>
			countLogged(client.process, "flow-closed", { reason: "peer-silent" }) > 0,
		{ what: "the death is noticed", deadlineMs: NOTICE_LIMIT_MS },
	).then(
		() => performance.now() - startedMs,
		() => null,
	);
}

async function blackOut({
	lab,
	tunnel,
	conversation,
}: Scene): Promise<RowOutcome> {
	const repair = await swallowEverything(lab);
	const swallowedMs = performance.now();
	const noticed = await noticedMs(tunnel.client);
	// The inner side goes on sending all the while.
	const restMs = BLACKOUT_MS - (performance.now() - swallowedMs);
	const isSilent = await conversation.isSilentFor(restMs);
	await repair();
	const ms = await resumedMs(conversation);
	const notice =
		noticed === null
			? "never noticed"
			: `noticed after ${noticed.toFixed(0)} ms`;
	return {
		measured: `${notice}; back again: ${afterText(ms)}`,
		isMet: noticed !== null && isSilent && isSoon(ms),
	};
}

/** As a crash would; what the lab itself did to the host of a stock end is undone, because its next start does it again. */
async function kill(end: TunnelEnd): Promise<void> {
	await end.process.stop("SIGKILL");
	await end.stop();
}

async function changeEverything({
	lab,
	pairing,
	tunnel,
	conversation,
}: Scene): Promise<RowOutcome> {
	await translateTo(lab, PORTS.after);
	const port = await resumedMs(conversation);
	await kill(tunnel.server);
	const server = await startServerIn(lab, pairing);
	const restart = await resumedMs(conversation);
	await translateTo(lab, PORTS.only);
	const onlyPort = await resumedMs(conversation);
	await kill(tunnel.client);
	// The router gives the next client the very port that the dead one had.
	await translateTo(lab, PORTS.only);
	const client = await startClientIn(lab, pairing);
	const reuse = await resumedMs(conversation);
	await client.stop();
	await server.stop();
	return {
		measured: `another port: ${afterText(port)}; server killed and started: ${afterText(restart)}; client killed, the next one on its port: ${afterText(reuse)}`,
		// A stock server takes the SYN of a client that is new on an old port for data, and its host's conntrack knows the
		// old flow: the client needs another handshake, which takes it past three seconds (packet-cases.md 27).
		isMet: [
			port,
			restart,
			onlyPort,
			...(pairing.server.name === "ours" ? [reuse] : []),
		].every(isSoon),
	};
}

/** Waits are most of it, so the pairings go through each situation side by side. */
const SITUATIONS = [
	{
		what: "a strict router that forgets everything is passed again",
		row: 13,
		title: "conntrack -F on a strict router",
		criterion: "0 INVALID; traffic ≤ 3 s after the flush; ≤ 4 RST",
		measure: (pair: Case) => talking(pair, makeStrict, flushStrictRouter),
	},
	{
		what: "a dead path is noticed, and used again when it is back",
		row: 14,
		title: `everything swallowed for ${BLACKOUT_MS / 1_000} s`,
		criterion: "noticed ≤ 10 s; traffic ≤ 3 s after the path is back",
		measure: (pair: Case) => talking(pair, async () => undefined, blackOut),
	},
	{
		what: "ports that change and peers that are killed are followed",
		row: 14,
		title: "NAT port, server and client change",
		criterion: "traffic ≤ 3 s after each",
		measure: (pair: Case) =>
			talking(pair, (lab) => translateTo(lab, PORTS.before), changeEverything),
	},
] as const;

describe.each(SITUATIONS)("$what", ({ row, title, criterion, measure }) => {
	it.concurrent.for(CASES)(
		"$client client, $server server",
		{ timeout: FIND_KINDS_TIMEOUT_MS },
		async (pair, context) => {
			const reason = whyNot(pair);
			if (reason !== null) return context.skip(reason);
			await measureRow(
				{
					row,
					title: `${title}, ${pair.client} client, ${pair.server} server`,
					criterion,
					column: pair.column,
					seed: null,
				},
				() => measure(pair),
			);
		},
	);
});
