// Runs beside the program under test: a TUN for raw segments and a UDP socket for the application, driven by JSON lines.

import { execFileSync } from "node:child_process";
import { createSocket } from "node:dgram";
import { createInterface } from "node:readline";
import { z } from "zod";
import { openPlainTun } from "../double/plain-tun.js";

const order = z.union([
	/** An IP packet, hexadecimal, to the kernel, which routes it to the program under test. */
	z.object({ segment: z.string() }),
	/** A datagram to the program's UDP side: to `port`, or back to whoever sent the last one. */
	z.object({ datagram: z.string(), port: z.number().optional() }),
]);
/** One line on standard input. */
export type ProbeOrder = Readonly<z.infer<typeof order>>;

const probeEvent = z.union([
	z.object({ ready: z.literal(true) }),
	z.object({ segment: z.string() }),
	z.object({ datagram: z.string() }),
]);
/** One line on standard output. */
export type ProbeEvent = Readonly<z.infer<typeof probeEvent>>;

/** @throws ZodError for anything but a line of `runProbe`. */
export function parseProbeEvent(line: string): ProbeEvent {
	return probeEvent.parse(JSON.parse(line));
}

export const PROBE = {
	tun: "probe0",
	/** The kernel's end; the other address of each net is the imaginary peer. */
	local4: "198.18.9.1",
	peer4: "198.18.9.2",
	local6: "2001:db8:9::1",
	peer6: "2001:db8:9::2",
	udpPort: 9000,
} as const;

function say(event: ProbeEvent): void {
	process.stdout.write(`${JSON.stringify(event)}\n`);
}

export function runProbe(): void {
	const tun = openPlainTun(PROBE.tun, (packet) =>
		say({ segment: packet.toString("hex") }),
	);
	execFileSync("ip", ["-batch", "-"], {
		input: [
			`addr add ${PROBE.local4}/24 dev ${PROBE.tun}`,
			`link set ${PROBE.tun} up`,
			`addr add ${PROBE.local6}/64 dev ${PROBE.tun} nodad`,
		].join("\n"),
	});
	const socket = createSocket("udp4");
	let lastPort = 0;
	socket.on("message", (bytes, from) => {
		lastPort = from.port;
		say({ datagram: bytes.toString("hex") });
	});
	socket.on("error", () => undefined);
	socket.bind(PROBE.udpPort, "127.0.0.1", () => say({ ready: true }));
	const lines = createInterface({ input: process.stdin });
	lines.on("line", (line) => {
		const what = order.parse(JSON.parse(line));
		if ("segment" in what) tun.write(Buffer.from(what.segment, "hex"));
		else
			socket.send(
				Buffer.from(what.datagram, "hex"),
				what.port ?? lastPort,
				"127.0.0.1",
			);
	});
	lines.on("close", () => {
		tun.close();
		socket.close();
	});
}
