import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Writable } from "node:stream";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createCaptureMemory } from "../capture/capture-memory.js";
import { CaptureRing } from "../capture/capture-ring.js";
import {
	numberOf,
	packetsOf,
	readPcapng,
	textOf,
} from "../capture/testing/read-pcapng.js";
import {
	controlledTunnel,
	RunningInstances,
} from "../control/testing/running-instance.js";
import { runCapture } from "./capture.js";
import type { CaptureQuestion } from "./capture-command.js";

let instances: RunningInstances;
let folder = "";
beforeEach(() => {
	instances = new RunningInstances();
	folder = mkdtempSync(join(tmpdir(), "tunscope-capture-"));
});
afterEach(async () => {
	await instances.stop();
	rmSync(folder, { recursive: true });
});

/** A ring with so many packets of 40 octets. */
function ringOf(packets: number, ringBytes = 1_048_576) {
	const memory = createCaptureMemory({
		ringBytes,
		snapBytes: 256,
		baseUnixMs: 0,
	});
	const ring = new CaptureRing(memory);
	const record = () => {
		ring.begin({
			timeMs: 1,
			flags: 0,
			packetBytes: 40,
			capturedBytes: 40,
			segmentBytes: 0,
		});
		ring.publish();
	};
	for (let packet = 0; packet < packets; packet++) record();
	return { memory, record };
}

class Collected extends Writable {
	isTTY = false;
	readonly pieces: Buffer[] = [];

	get bytes(): Buffer {
		return Buffer.concat(this.pieces);
	}

	override _write(piece: Buffer, _encoding: string, done: () => void): void {
		this.pieces.push(piece);
		done();
	}
}

async function capture(
	question: Partial<CaptureQuestion> = {},
	parts: { out?: Collected; enough?: AbortSignal } = {},
) {
	const out = parts.out ?? new Collected();
	let err = "";
	const code = await runCapture({
		question: { name: "a", outputPath: null, isFollowing: false, ...question },
		environment: instances.environment,
		out,
		err: {
			write: (text: string | Uint8Array) => {
				err += String(text);
				return true;
			},
		},
		enough: parts.enough ?? new AbortController().signal,
	});
	return { code, err, bytes: out.bytes };
}

describe("tunscope capture", () => {
	it("writes the tunnel's packets to a pipe, of whatever instance it is", async () => {
		await instances.start(1, controlledTunnel("b"));
		const { memory } = ringOf(5_000);
		await instances.start(2, controlledTunnel("a", { captureMemory: memory }));
		const { code, err, bytes } = await capture();
		expect({ code, err }).toEqual({ code: 0, err: "" });
		const blocks = readPcapng(bytes);
		expect(packetsOf(blocks)).toHaveLength(5_000);
		const [section, description] = blocks;
		expect(textOf(section?.options ?? new Map(), 4)).toBe("tunscope 1.2.3");
		expect(textOf(description?.options ?? new Map(), 2)).toBe("tun7");
		expect(textOf(description?.options ?? new Map(), 3)).toBe(
			"the TUN of tunscope client a",
		);
		expect(numberOf(blocks.at(-1)?.options ?? new Map(), 4)).toBe(5_000);
	});

	it("writes a file that only its owner may read, and says what is in it", async () => {
		const { memory } = ringOf(1_234);
		await instances.start(1, controlledTunnel("a", { captureMemory: memory }));
		const outputPath = join(folder, "a.pcapng");
		const { code, err } = await capture({ outputPath });
		expect(err).toBe(`tunscope: 1,234 packets of a are in ${outputPath}.\n`);
		expect(code).toBe(0);
		expect(packetsOf(readPcapng(readFileSync(outputPath)))).toHaveLength(1_234);
		expect(statSync(outputPath).mode & 0o777).toBe(0o600);
		await expect(
			capture({ outputPath: join(folder, "none", "a.pcapng") }),
		).rejects.toMatchObject({ code: "OUTPUT_FILE_UNWRITABLE" });
	});

	it("follows until that is enough, and what it has written is whole", async () => {
		const { memory, record } = ringOf(3);
		await instances.start(1, controlledTunnel("a", { captureMemory: memory }));
		const out = new Collected();
		const enough = new AbortController();
		const following = capture(
			{ isFollowing: true },
			{ out, enough: enough.signal },
		);
		const packets = () => packetsOf(readPcapng(out.bytes)).length;
		await expect.poll(packets, { timeout: 5_000 }).toBe(3);
		record();
		await expect.poll(packets, { timeout: 5_000 }).toBe(4);
		enough.abort();
		expect(await following).toMatchObject({ code: 0, err: "" });
	});

	it("says that it was cut off when the instance ends in the middle", async () => {
		const { memory } = ringOf(3);
		await instances.start(1, controlledTunnel("a", { captureMemory: memory }));
		const out = new Collected();
		const following = capture({ isFollowing: true }, { out });
		await expect.poll(() => out.bytes.length).toBeGreaterThan(300);
		await instances.stop();
		expect(await following).toMatchObject({
			code: 1,
			err: "tunscope: the capture was cut off before its end.\n",
		});
		expect(packetsOf(readPcapng(out.bytes))).toHaveLength(3);
	});

	it("refuses a terminal, an unknown tunnel and one without a ring, each in a sentence", async () => {
		const onTerminal = new Collected();
		onTerminal.isTTY = true;
		expect(await capture({}, { out: onTerminal })).toEqual({
			code: 2,
			err: "tunscope: a capture is nothing to read on a terminal: name a file (tunscope capture a -o a.pcapng), or pipe it (tunscope capture a | tshark -r -).\n",
			bytes: Buffer.alloc(0),
		});
		expect(await capture()).toMatchObject({ code: 3 });
		await instances.start(1, controlledTunnel("a"));
		expect(await capture()).toMatchObject({
			code: 1,
			err: 'tunscope: a keeps no packets: start it with --capture 8MiB, or put "capture: 8MiB" below it in the configuration file.\n',
		});
		expect(await capture({ name: "x" })).toMatchObject({
			code: 1,
			err: "tunscope: no tunnel named x runs here. These do: a.\n",
		});
	});
});
