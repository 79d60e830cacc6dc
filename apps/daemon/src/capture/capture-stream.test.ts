import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { PumpPair } from "../tunnel/testing/pump-pair.js";
import { CaptureRing } from "./capture-ring.js";
import { captureStream } from "./capture-stream.js";
import {
	numberOf,
	packetsOf,
	readPcapng,
	textOf,
} from "./testing/read-pcapng.js";

const hasTshark = spawnSync("tshark", ["--version"]).status === 0;

const folder = mkdtempSync(join(tmpdir(), "tunscope-capture-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** Both directions, a super-segment, and two packets that are discarded. */
function capturedConversation(): SharedArrayBuffer {
	const pair = new PumpPair({ client: 8, server: 8 });
	const [socket] = pair.conversations(1);
	if (socket === undefined) throw new Error("no application");
	for (let datagram = 0; datagram < 40; datagram++) pair.send(socket, 7);
	pair.settle();
	const bad = Uint8Array.from({ length: 40 });
	bad.set([0x45, 0, 0, 40, 0, 0, 0x40, 0, 64, 6]);
	bad.set([192, 0, 2, 9, 192, 168, 201, 2], 12);
	// SYN and FIN together, with a right IP checksum and a wrong one of TCP.
	bad.set([0x9c, 0x40, 0x11, 0xd7], 20);
	bad.set([0x50, 0x03], 32);
	pair.network.inject(pair.server.tun, withIpChecksum(bad));
	pair.settle();
	return pair.server.captured;
}

function withIpChecksum(packet: Uint8Array): Uint8Array {
	const view = new DataView(packet.buffer);
	let sum = 0;
	for (let at = 0; at < 20; at += 2) sum += view.getUint16(at);
	while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
	view.setUint16(10, ~sum & 0xffff);
	return packet;
}

async function fileOf(memory: SharedArrayBuffer): Promise<Uint8Array> {
	const pieces: Uint8Array[] = [];
	for await (const piece of streamOf(memory)) pieces.push(piece);
	return Buffer.concat(pieces);
}

function streamOf(
	memory: SharedArrayBuffer,
	change: {
		isFollowing?: boolean;
		signal?: AbortSignal;
		isOver?: () => boolean;
	} = {},
) {
	return captureStream({
		memory,
		interfaceName: "tun7",
		description: "the TUN of a test",
		application: "tunscope test",
		isFollowing: false,
		isOver: () => false,
		signal: new AbortController().signal,
		wallMs: () => 5_000,
		...change,
	});
}

/** Rows of the named fields, as Wireshark's own dissector sees them. */
function tshark(file: Uint8Array, ...fields: readonly string[]): string[][] {
	const path = join(folder, "capture.pcapng");
	writeFileSync(path, file);
	const text = execFileSync(
		"tshark",
		[
			...["-n", "-r", path, "-o", "tcp.check_checksum:TRUE"],
			...["-o", "ip.check_checksum:TRUE", "-T", "fields"],
			...fields.flatMap((field) => ["-e", field]),
		],
		{ encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] },
	);
	return text
		.split("\n")
		.filter(Boolean)
		.map((row) => row.split("\t"));
}

describe("capture stream", () => {
	it("is a section, an interface, the packets and their number", async () => {
		const blocks = readPcapng(await fileOf(capturedConversation()));
		expect(blocks.map(({ kind }) => kind)).toEqual([
			"section",
			"interface",
			...packetsOf(blocks).map(() => "packet"),
			"statistics",
		]);
		const statistics = blocks.at(-1);
		expect(numberOf(statistics?.options ?? new Map(), 4)).toBe(
			packetsOf(blocks).length,
		);
		expect(numberOf(statistics?.options ?? new Map(), 5)).toBe(0);
		const comments = packetsOf(blocks).map(({ options }) => textOf(options, 1));
		expect(comments.filter((comment) => comment !== null)).toEqual([
			"bad-tcp-checksum",
		]);
	});

	it("says how many packets were overwritten, before the first and in all", async () => {
		const memory = capturedConversation();
		const ring = new CaptureRing(memory);
		for (let number = 0; number < 20_000; number++)
			ring.begin({
				timeMs: 0,
				flags: 0,
				packetBytes: 0,
				capturedBytes: 0,
				segmentBytes: 0,
			});
		ring.publish();
		const blocks = readPcapng(await fileOf(memory));
		const packets = packetsOf(blocks);
		const [first, second] = packets;
		const lost = numberOf(first?.options ?? new Map(), 4) ?? 0;
		expect(lost).toBeGreaterThan(10_000);
		expect(second?.options.has(4)).toBe(false);
		const { options } = blocks.at(-1) ?? { options: new Map() };
		expect(numberOf(options, 5)).toBe(lost);
		expect(numberOf(options, 4)).toBe(lost + packets.length);
	});

	it("goes on with what comes while somebody follows, and ends with them", async () => {
		const memory = capturedConversation();
		const viewer = new AbortController();
		const stream = streamOf(memory, {
			isFollowing: true,
			signal: viewer.signal,
		});
		await stream.next();
		await stream.next();
		const waiting = stream.next();
		const ring = new CaptureRing(memory);
		const at = ring.begin({
			timeMs: 1,
			flags: 0,
			packetBytes: 1,
			capturedBytes: 1,
			segmentBytes: 0,
		});
		ring.bytes.setUint8(at, 0xab);
		ring.publish();
		const { value } = await waiting;
		expect(packetsOf(readPcapng(value ?? new Uint8Array()))).toMatchObject([
			{ bytes: Uint8Array.of(0xab), unixNs: 1_000_000n },
		]);
		const end = stream.next();
		viewer.abort();
		expect(await end).toMatchObject({ done: true });
	});

	it("has an end for who follows when the tunnel is no more", async () => {
		const memory = capturedConversation();
		let isOver = false;
		const pieces: Uint8Array[] = [];
		for await (const piece of streamOf(memory, {
			isFollowing: true,
			isOver: () => isOver,
		})) {
			pieces.push(piece);
			isOver = true;
		}
		expect(readPcapng(Buffer.concat(pieces)).at(-1)?.kind).toBe("statistics");
	});

	it("is read by tshark: every packet, its direction and comment, nothing malformed, no false checksum error", async (context) => {
		context.skip(!hasTshark, "tshark is not installed");
		const file = await fileOf(capturedConversation());
		const packets = packetsOf(readPcapng(file));
		const rows = tshark(
			file,
			"frame.comment",
			"frame.packet_flags_direction",
			"frame.len",
			"tcp.checksum.status",
			"_ws.malformed",
			"frame.time_epoch",
			"frame.interface_name",
		);
		expect(rows).toHaveLength(packets.length);
		rows.forEach(([comment, direction, length, , malformed], place) => {
			const packet = packets[place];
			if (packet === undefined) throw new Error("a packet too much");
			expect(comment).toBe(textOf(packet.options, 1) ?? "");
			expect(Number(direction)).toBe(numberOf(packet.options, 2));
			expect(Number(length)).toBe(packet.packetBytes);
			expect(malformed).toBe("");
		});
		// 1 is good, 2 not verified: the super-segment is cut at the snap length. 0 is bad, and rightly so.
		const statuses = rows.map(([, , , status]) => status);
		const bad = rows.filter(([, , , status]) => status === "0");
		expect(bad.map(([comment]) => comment)).toEqual(["bad-tcp-checksum"]);
		expect(statuses.filter((status) => status === "1").length).toBe(
			rows.length - 2,
		);
		expect(rows.every((row) => row[6] === "tun7")).toBe(true);
		expect(rows.some(([, direction]) => Number(direction) === 1)).toBe(true);
		expect(rows.some(([, direction]) => Number(direction) === 2)).toBe(true);
	});
});
