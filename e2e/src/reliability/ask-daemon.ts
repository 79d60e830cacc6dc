// Asks a daemon of a lab for its tunnel's description on its control socket: cheaper than starting `tunscope status`, so that it can be done under fire.

import { connect } from "node:net";
import { join } from "node:path";
import {
	CONTROL_VERSION,
	type ControlRequest,
	controlAnswerSchema,
	type TunnelDescription,
} from "@tunscope/shared";
import { daemonStateOf } from "../netlab/namespace.js";
import type { TunnelEnd } from "../netlab/tunnel-options.js";

const STATUS_REQUEST: ControlRequest = {
	version: CONTROL_VERSION,
	request: "status",
};
const ANSWER_LIMIT_MS = 5_000;

/** @throws Error when it does not answer within 5 s, or something else than a status with one tunnel */
export async function askDaemon(end: TunnelEnd): Promise<TunnelDescription> {
	const { namespace, pid } = end.process;
	const path = join(daemonStateOf(namespace.name), `control-${pid}.sock`);
	const answer = controlAnswerSchema.parse(JSON.parse(await readAll(path)));
	const [tunnel] = answer.kind === "status" ? answer.tunnels : [];
	if (tunnel === undefined) throw new Error(`no tunnel: ${answer.kind}`);
	return tunnel;
}

function readAll(path: string): Promise<string> {
	return new Promise((resolve, reject) => {
		const connection = connect(path);
		connection.setTimeout(ANSWER_LIMIT_MS, () =>
			connection.destroy(new Error(`${path} does not answer`)),
		);
		let received = "";
		connection.setEncoding("utf8");
		connection.on("data", (text: string) => {
			received += text;
		});
		connection.once("error", reject);
		connection.once("end", () => {
			connection.destroy();
			resolve(received);
		});
		connection.write(`${JSON.stringify(STATUS_REQUEST)}\n`);
	});
}
