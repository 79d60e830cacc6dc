// --handshake-packet: the file's bytes are the first payload on the wire, and reach the other side's application, with stock too.

import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type LabHost, withLab } from "../netlab/lab.js";
import { type LabProcess, startInNamespace } from "../netlab/lab-process.js";
import { startCapture } from "../netlab/wire-capture.js";
import {
	type AvailableKinds,
	FIND_KINDS_TIMEOUT_MS,
	findKinds,
	type KindName,
} from "./available-kinds.js";
import { PORTS, startTunnel } from "./tunnel-in-lab.js";

let kinds: AvailableKinds;
const folder = mkdtempSync(join(tmpdir(), "tunscope-e2e-"));
const path = join(folder, "handshake.bin");
const packet = randomBytes(700);
beforeAll(async () => {
	writeFileSync(path, packet);
	kinds = await findKinds();
}, FIND_KINDS_TIMEOUT_MS);
afterAll(() => rmSync(folder, { recursive: true }));

/** A UDP application that prints what it gets in hexadecimal, one line each, and answers "pong" to "ping". */
function startApplication(host: LabHost, does: "listens" | "asks"): LabProcess {
	const script = `
		const socket = require("node:dgram").createSocket("udp4");
		socket.on("message", (bytes, from) => {
			console.log("got " + bytes.toString("hex"));
			if (bytes.toString() === "ping") socket.send("pong", from.port, from.address);
		});
		if (${does === "asks"}) socket.send("ping", ${PORTS.client}, "127.0.0.1");
		else socket.bind(${PORTS.target}, "127.0.0.1", () => console.log("listening"));`;
	return startInNamespace(host.namespace, {
		argv: [process.execPath, "-e", script],
		deadlineMs: 20_000,
	});
}

const hex = (text: string) => Buffer.from(text).toString("hex");

const EXACT = ["--wire-profile", "stock-exact"];

describe.each([
	{ client: "ours", server: "ours", by: "client", exact: false },
	{ client: "ours", server: "stock", by: "client", exact: false },
	{ client: "ours", server: "stock", by: "client", exact: true },
	{ client: "ours", server: "double", by: "client", exact: false },
	{ client: "ours", server: "ours", by: "server", exact: false },
	{ client: "stock", server: "ours", by: "server", exact: false },
	{ client: "stock", server: "ours", by: "server", exact: true },
] as const)(
	"client $client, server $server, by the $by, stock-exact: $exact",
	({ client, server, by, exact }) => {
		it(`sends the ${by}'s file first, then the datagrams`, async (context) => {
			const names: readonly KindName[] = [client, server];
			for (const name of names) {
				const reason = kinds.whyNot(name);
				if (reason !== null) return context.skip(reason);
			}
			// Bare: no super-segments, so that the capture shows each datagram by itself.
			const shape = { shape: "with-router", linkProfile: "bare" } as const;
			await withLab(shape, async (lab) => {
				const flags = ["--handshake-packet", path, ...(exact ? EXACT : [])];
				const tunnel = await startTunnel(lab, {
					client: kinds.get(client),
					server: kinds.get(server),
					family: 4,
					...(by === "client"
						? { clientArguments: flags }
						: { serverArguments: flags }),
				});
				const emitter = by === "client" ? lab.client : lab.server;
				const capture = await startCapture(emitter.namespace, {
					interfaceName: emitter.interfaceName,
					port: PORTS.fakeTcp,
				});
				const target = startApplication(lab.server, "listens");
				await target.waitForOutput(/listening/, 5_000);
				const asker = startApplication(lab.client, "asks");
				await target.waitForOutput(new RegExp(`got ${hex("ping")}`), 5_000);
				await asker.waitForOutput(new RegExp(`got ${hex("pong")}`), 5_000);
				const receiver = by === "client" ? target : asker;
				const last = by === "client" ? "ping" : "pong";
				const expected = [packet.toString("hex"), hex(last)];
				const whole = new RegExp(`got ${expected[0]}`);
				await receiver.waitForOutput(whole, 5_000);
				const got = receiver.stdout().match(/(?<=got )[\da-f]+/g);
				// What we promise: the order in which the segments leave our host.
				const sent = (await capture.finish())
					.filter(
						({ sourcePort }) =>
							(sourcePort === PORTS.fakeTcp) === (by === "server"),
					)
					.map(({ payload }) => payload);
				expect(sent, "payloads on the wire").toEqual(expected);
				// Stock hands datagrams over from several tasks: which of two in a row comes first is not its promise.
				const isOrdered = (by === "client" ? server : client) !== "stock";
				if (isOrdered) expect(got).toEqual(expected);
				else expect(got?.toSorted()).toEqual(expected.toSorted());
				await target.stop();
				await asker.stop();
				await tunnel.stop();
			});
		});
	},
);
