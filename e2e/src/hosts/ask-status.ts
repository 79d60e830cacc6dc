// Runs `tunscope status` on a host of a lab, and reads the document that it prints.

import {
	instanceDescriptionSchema,
	type TunnelDescription,
} from "@tunscope/shared";
import { z } from "zod";
import type { LabHost } from "../netlab/lab.js";
import { startInNamespace } from "../netlab/lab-process.js";
import { tunscopeArgv } from "../netlab/tunscope-tunnel.js";

const statusDocument = z.object({
	version: z.literal(1),
	instances: z.array(
		instanceDescriptionSchema.pick({ pid: true, tunnels: true }),
	),
	silent: z.array(z.object({ pid: z.number(), reason: z.string() })),
	dead: z.array(z.object({ pid: z.number() })),
});

export interface StatusAnswer {
	readonly code: number | null;
	/** Without a terminal it is always there. */
	readonly document: z.infer<typeof statusDocument>;
	/** Of all instances. */
	readonly tunnels: readonly TunnelDescription[];
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
