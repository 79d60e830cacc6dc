// Flows in trouble, for their neighbours' sake: one whose application does not read, one whose peer is dead, and a newcomer.

import { fileURLToPath } from "node:url";
import type { Lab } from "../netlab/lab.js";
import { type LabProcess, startInNamespace } from "../netlab/lab-process.js";
import { PORTS, type TunnelInLab } from "../tunnel/tunnel-in-lab.js";

const LONE_FLOW = fileURLToPath(
	new URL("../../dist/traffic/lone-flow-main.js", import.meta.url),
);
const DEAD_TABLE = "dead_peer";
const LIMIT_MS = 30_000;
const ANSWER_LIMIT_MS = 10_000;

interface LoneFlow {
	/** Number that the answerer knows it by. */
	readonly flow: number;
	readonly afterHello: "stall" | "await-answer";
}

function startLoneFlow(
	lab: Lab,
	tunnel: TunnelInLab,
	lone: LoneFlow,
): LabProcess {
	const { family, address, port } = tunnel.places.opener;
	const settings = JSON.stringify({ family, address, port, ...lone });
	return startInNamespace(lab.client.namespace, {
		argv: [process.execPath, LONE_FLOW, settings],
		deadlineMs: LIMIT_MS,
	});
}

/** An application that opened this flow and never reads again. End it with SIGKILL. */
export async function startStalledFlow(
	lab: Lab,
	tunnel: TunnelInLab,
	flow: number,
): Promise<LabProcess> {
	const stalled = startLoneFlow(lab, tunnel, { flow, afterHello: "stall" });
	await stalled.waitForOutput(/stalled/, ANSWER_LIMIT_MS);
	return stalled;
}

/** A new application on a flow of its own. @returns ms from its first datagram to its first answer. */
export async function newcomerWaitMs(
	lab: Lab,
	tunnel: TunnelInLab,
	flow: number,
): Promise<number> {
	const newcomer = startLoneFlow(lab, tunnel, {
		flow,
		afterHello: "await-answer",
	});
	try {
		const [, waitMs] = await newcomer.waitForOutput(
			/answered after (\d+) ms/,
			ANSWER_LIMIT_MS,
		);
		return Number(waitMs);
	} finally {
		await newcomer.stop("SIGKILL");
	}
}

export interface DeadPeer {
	end(): Promise<void>;
}

/**
 * From now on the next flow that opens gets no answer: the router drops every segment of its source port. An
 * application opens it at once, and goes on sending.
 */
export async function startDeadPeer(
	lab: Lab,
	tunnel: TunnelInLab,
): Promise<DeadPeer> {
	const { router } = lab;
	if (router === null) throw new Error("the lab has no router");
	// The set holds one port: the first SYN takes the place, and `add` does not match for any later one.
	await router.nft(`table inet ${DEAD_TABLE} {
	set ports {
		type inet_service
		size 1
		flags dynamic
	}
	chain forward {
		type filter hook forward priority -240; policy accept;
		tcp dport ${PORTS.fakeTcp} tcp flags & (syn | ack) == syn add @ports { tcp sport }
		tcp sport @ports drop
	}
}
`);
	const { address, port } = tunnel.places.opener;
	const script = `
const socket = require("node:dgram").createSocket(${JSON.stringify(address.includes(":") ? "udp6" : "udp4")});
setInterval(() => socket.send(Buffer.alloc(20, 0x2a), ${port}, ${JSON.stringify(address)}, () => process.stdout.write(".")), 50);`;
	const application = startInNamespace(lab.client.namespace, {
		argv: [process.execPath, "-e", script],
		deadlineMs: LIMIT_MS,
	});
	await application.waitForOutput(/\.\./, ANSWER_LIMIT_MS);
	return {
		end: async () => {
			await application.stop("SIGKILL");
			await router.nft(`delete table inet ${DEAD_TABLE}`);
		},
	};
}
