// Runs `tunscope status` on a host of a lab, and reads the document that it prints.

import { z } from "zod";
import type { LabHost } from "../netlab/lab.js";
import { startInNamespace } from "../netlab/lab-process.js";
import { tunscopeArgv } from "../netlab/tunscope-tunnel.js";

const rates = z.object({
	bitsPerSecond: z.number(),
	datagramsPerSecond: z.number(),
});
const totals = z.object({ datagrams: z.number(), payloadBytes: z.number() });
const tunnel = z.object({
	name: z.string(),
	role: z.string(),
	state: z.string(),
	stateInWords: z.string(),
	health: z.string(),
	inStateForMs: z.number(),
	listen: z.string(),
	remote: z.object({
		configured: z.string(),
		addresses: z.array(z.string()),
		inUse: z.string().nullable(),
	}),
	tun: z.object({
		name: z.string().nullable(),
		local4: z.string(),
		peer4: z.string(),
	}),
	linkMtu: z.object({
		oursBytes: z.number().nullable(),
		peersBytes: z.number().nullable(),
	}),
	maxPayloadBytes: z.number().nullable(),
	flows: z.object({ established: z.number(), halfOpen: z.number() }),
	lastInboundMsAgo: z.number().nullable(),
	rates: z.object({ sent: rates, received: rates }),
	totals: z.object({ sent: totals, received: totals }),
	hostSetup: z.object({ mode: z.string(), state: z.string() }),
	lastNotice: z
		.object({ level: z.string(), text: z.string(), msAgo: z.number() })
		.nullable(),
});
const statusDocument = z.object({
	version: z.literal(1),
	instances: z.array(z.object({ pid: z.number(), tunnels: z.array(tunnel) })),
	silent: z.array(z.object({ pid: z.number(), reason: z.string() })),
	dead: z.array(z.object({ pid: z.number() })),
});

type TunnelStatus = z.infer<typeof tunnel>;

export interface StatusAnswer {
	readonly code: number | null;
	/** Without a terminal it is always there. */
	readonly document: z.infer<typeof statusDocument>;
	/** Of all instances. */
	readonly tunnels: readonly TunnelStatus[];
	readonly stderr: string;
}

/** @throws when what it prints is not the document. */
export async function askStatus(
	host: LabHost,
	...words: readonly string[]
): Promise<StatusAnswer> {
	const running = startInNamespace(host.namespace, {
		argv: tunscopeArgv("status", ...words),
		deadlineMs: 20_000,
	});
	const { code } = await running.ended;
	const document = statusDocument.parse(JSON.parse(running.stdout()));
	return {
		code,
		document,
		tunnels: document.instances.flatMap(({ tunnels }) => tunnels),
		stderr: running.stderr(),
	};
}

/** What it shows on a terminal of 100 columns; needs Debian's `script`. */
export async function askStatusOnTerminal(host: LabHost): Promise<string> {
	const command = tunscopeArgv("status").join(" ");
	const running = startInNamespace(host.namespace, {
		argv: [
			...["script", "--quiet", "--flush", "--return", "--command"],
			`stty cols 100; ${command}`,
			"/dev/null",
		],
		deadlineMs: 20_000,
	});
	await running.ended;
	return running.stdout();
}
