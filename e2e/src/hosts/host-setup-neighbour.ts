// A second machine behind one host of a lab: it knows that host as its router, whether or not it is one.

import type { Lab, LabHost } from "../netlab/lab.js";
import { startInNamespace } from "../netlab/lab-process.js";
import { createNamespace, type Namespace } from "../netlab/namespace.js";

export interface Neighbour {
	readonly namespace: Namespace;
	readonly address4: string;
	readonly address6: string;
	remove(): Promise<void>;
}

const NET4 = "198.18.9";
const NET6 = "2001:db8:9";
const START_DEADLINE_MS = 10_000;
const CONNECT_LIMIT_MS = 3_000;

/** Attached to `host` by a link of its own; the lab's router knows the way back. */
export async function addNeighbour(
	lab: Lab,
	host: LabHost,
): Promise<Neighbour> {
	const namespace = await createNamespace("n");
	await host.namespace.ip([
		`link add lan0 type veth peer name eth0 netns ${namespace.name}`,
		`addr add ${NET4}.1/24 dev lan0`,
		`addr add ${NET6}::1/64 dev lan0 nodad`,
		"link set lan0 up",
	]);
	await namespace.ip([
		`addr add ${NET4}.2/24 dev eth0`,
		`addr add ${NET6}::2/64 dev eth0 nodad`,
		"link set eth0 up",
		`route add default via ${NET4}.1`,
		`route add default via ${NET6}::1`,
	]);
	await lab.router?.ip([
		`route add ${NET4}.0/24 via ${host.address4}`,
		`route add ${NET6}::/64 via ${host.address6}`,
	]);
	return {
		namespace,
		address4: `${NET4}.2`,
		address6: `${NET6}::2`,
		remove: () => namespace.remove(),
	};
}

const ECHO = `
	require("node:net").createServer((socket) => socket.pipe(socket).on("error", () => {}))
		.listen(Number(process.argv[1]), "::", () => console.log("listening"));
`;

/** A real TCP service that sends back what it gets; ended by the lab's clean-up or by `stop`. */
export async function startTcpEcho(
	namespace: Namespace,
	port: number,
): Promise<() => Promise<unknown>> {
	const echo = startInNamespace(namespace, {
		argv: [process.execPath, "-e", ECHO, String(port)],
		deadlineMs: 60_000,
	});
	await echo.waitForOutput(/listening/, START_DEADLINE_MS);
	return () => echo.stop();
}

const ASK = `
	const [, address, port, words] = process.argv;
	const socket = require("node:net").connect({ host: address, port: Number(port) }, () => socket.write(words));
	let heard = "";
	socket.on("data", (piece) => { heard += piece; if (heard === words) { console.log("echoed"); process.exit(0); } });
	socket.on("error", ({ code }) => { console.log(code); process.exit(0); });
	setTimeout(() => { console.log("nothing"); process.exit(0); }, ${CONNECT_LIMIT_MS});
`;

/** @returns "echoed", "nothing" when no answer came within 3 s, or the socket's error. */
export async function askOverTcp(
	namespace: Namespace,
	address: string,
	port: number,
): Promise<string> {
	const argv = [process.execPath, "-e", ASK, address, String(port), "hello"];
	return (await namespace.run(argv)).trim();
}
