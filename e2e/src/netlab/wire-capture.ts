// Payloads of TCP segments as they cross a link: captured by tcpdump, decoded by tshark, neither of them ours.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startInNamespace } from "./lab-process.js";
import type { Namespace } from "./namespace.js";
import { runCommand } from "./run-command.js";

const START_DEADLINE_MS = 10_000;

/** One captured segment that carries payload. */
export interface CapturedPayload {
	readonly sourcePort: number;
	readonly destinationPort: number;
	/** TCP payload in hexadecimal. */
	readonly payload: string;
}

export interface WireCapture {
	/** Ends the capture. @returns payload-bearing segments in the order in which they crossed, both directions. */
	finish(): Promise<readonly CapturedPayload[]>;
}

export interface CaptureOptions {
	readonly interfaceName: string;
	/** Either end of the TCP connection. */
	readonly port: number;
}

/**
 * Listens from now on. On a link with the profile "offload" a super-segment counts as one; "bare" shows each.
 * @throws Error or DeadlineError when tcpdump does not start.
 */
export async function startCapture(
	namespace: Namespace,
	{ interfaceName, port }: CaptureOptions,
): Promise<WireCapture> {
	const folder = mkdtempSync(join(tmpdir(), "tunscope-capture-"));
	const path = join(folder, "wire.pcap");
	const tcpdump = startInNamespace(namespace, {
		argv: [
			...["tcpdump", "--immediate-mode", "-U", "-Z", "root", "-n"],
			...["-i", interfaceName, "-s", "0", "-w", path],
			...["tcp", "port", String(port)],
		],
		deadlineMs: 60_000,
	});
	await tcpdump.waitForOutput(/listening on/, START_DEADLINE_MS);
	return {
		finish: async () => {
			try {
				await tcpdump.stop("SIGINT");
				refuseLoss(tcpdump.stderr());
				return await decode(path);
			} finally {
				rmSync(folder, { recursive: true, force: true });
			}
		},
	};
}

/** A capture with a hole proves nothing about order. */
function refuseLoss(report: string): void {
	const dropped = /(\d+) packets dropped by kernel/.exec(report)?.[1];
	if (dropped !== "0") throw new Error(`tcpdump lost packets: ${report}`);
}

async function decode(path: string): Promise<CapturedPayload[]> {
	const fields = ["tcp.srcport", "tcp.dstport", "tcp.len", "tcp.payload"];
	const table = await runCommand([
		...["tshark", "-n", "-r", path, "-Y", "tcp.len > 0", "-T", "fields"],
		...fields.flatMap((field) => ["-e", field]),
	]);
	return table
		.split("\n")
		.filter(Boolean)
		.map((row) => {
			const [source, destination, length, payload = ""] = row.split("\t");
			if (payload.length !== 2 * Number(length))
				throw new Error(`tshark's row is not what was asked for: ${row}`);
			return {
				sourcePort: Number(source),
				destinationPort: Number(destination),
				payload,
			};
		});
}
