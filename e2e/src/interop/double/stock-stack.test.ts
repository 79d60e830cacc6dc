import { beforeEach, describe, expect, it } from "vitest";
import { BIT, type StockSegment } from "./stock-segment.js";
import { StockStack } from "./stock-stack.js";

const local = { address: Buffer.from([192, 168, 201, 2]), port: 4567 };
const remote = { address: Buffer.from([198, 18, 1, 1]), port: 40_000 };
const MIB = 1024 * 1024;

let said: string[] = [];
let delivered: string[] = [];
let stack: StockStack;

function note(segment: StockSegment): void {
	const { controlBits, sequence, acknowledgement, payload } = segment;
	const bits = Object.entries(BIT)
		.filter(([, bit]) => (controlBits & bit) !== 0)
		.map(([name]) => name.toUpperCase())
		.join("+");
	const length = payload.length > 0 ? ` len=${payload.length}` : "";
	said.push(
		`${bits} seq=${sequence >>> 0} ack=${acknowledgement >>> 0}${length}`,
	);
}

beforeEach(() => {
	said = [];
	delivered = [];
	stack = new StockStack(
		{
			transmit: note,
			established: () => undefined,
			deliver: (_, payload) => delivered.push(payload.toString()),
			closed: () => undefined,
		},
		[local.port],
	);
});

interface Arrival {
	readonly bits: number;
	readonly seq?: number;
	readonly ack?: number;
	readonly text?: string;
	readonly port?: number;
}

function arrive(arrival: Arrival, nowMs = 0): string[] {
	said = [];
	stack.receive(
		{
			local: { ...local, port: arrival.port ?? local.port },
			remote,
			sequence: arrival.seq ?? 0,
			acknowledgement: arrival.ack ?? 0,
			controlBits: arrival.bits,
			payload: Buffer.from(arrival.text ?? ""),
		},
		nowMs,
	);
	return said;
}

function establish(): void {
	arrive({ bits: BIT.syn });
	arrive({ bits: BIT.ack, seq: 1, ack: 1 });
}

describe("stock's handshake as a server", () => {
	it("answers a SYN of sequence 0, and no other", () => {
		expect(arrive({ bits: BIT.syn })).toEqual(["SYN+ACK seq=0 ack=1"]);
	});

	it("resets a SYN of another sequence, counting the SYN", () => {
		expect(arrive({ bits: BIT.syn, seq: 7, text: "abc" })).toEqual([
			"RST+ACK seq=0 ack=11",
		]);
	});

	it("resets a SYN to a port that does not listen, not counting the SYN", () => {
		expect(arrive({ bits: BIT.syn, seq: 7, ack: 9, port: 1 })).toEqual([
			"RST+ACK seq=9 ack=7",
		]);
	});

	it("takes any sequence in the final ACK and swallows its payload", () => {
		arrive({ bits: BIT.syn });
		arrive({ bits: BIT.ack, seq: 999, ack: 1, text: "lost" });
		expect(delivered).toEqual([]);
		arrive({ bits: BIT.ack, seq: 1, ack: 1, text: "kept" });
		expect(delivered).toEqual(["kept"]);
	});

	it("sends three times, a second apart, then resets", () => {
		arrive({ bits: BIT.syn }, 0);
		said = [];
		for (let nowMs = 100; nowMs <= 3_000; nowMs += 100) stack.tick(nowMs);
		expect(said).toEqual([
			"SYN+ACK seq=0 ack=1",
			"SYN+ACK seq=0 ack=1",
			"RST seq=0 ack=0",
		]);
	});

	it("gives up after five segments that do not fit", () => {
		arrive({ bits: BIT.syn });
		for (let count = 0; count < 4; count += 1)
			expect(arrive({ bits: BIT.ack, ack: 5 })).toEqual([]);
		expect(arrive({ bits: BIT.ack, ack: 5 })).toEqual(["RST seq=0 ack=0"]);
	});
});

describe("stock's established connection", () => {
	beforeEach(establish);

	it("closes on any RST, whatever its sequence, with an RST of its own", () => {
		expect(arrive({ bits: BIT.rst, seq: 12345 })).toEqual(["RST seq=1 ack=0"]);
	});

	it("is silent about ordinary data, in order or not, and acknowledges the last segment only", () => {
		expect(arrive({ bits: BIT.ack, seq: 101, ack: 1, text: "b" })).toEqual([]);
		expect(arrive({ bits: BIT.ack, seq: 1, ack: 1, text: "a" })).toEqual([
			// It ends where the last acknowledgement sent is, or later: silent.
		]);
		said = [];
		stack.send(1, Buffer.from("x"), 0);
		expect(said).toEqual(["ACK seq=1 ack=2 len=1"]);
	});

	it("answers a segment that ends behind its last acknowledgement", () => {
		expect(arrive({ bits: BIT.ack, seq: 0, ack: 1 })).toEqual([
			"ACK seq=1 ack=0",
		]);
	});

	it("acknowledges past 128 MiB, not at 128 MiB", () => {
		expect(arrive({ bits: BIT.ack, seq: 1 + 128 * MIB })).toEqual([]);
		expect(arrive({ bits: BIT.ack, seq: 2 + 128 * MIB })).toEqual([
			`ACK seq=1 ack=${2 + 128 * MIB}`,
		]);
	});

	it("closes after 180 s without traffic in either direction", () => {
		stack.send(1, Buffer.from("x"), 100_000);
		stack.tick(279_999);
		said = [];
		stack.tick(280_000);
		expect(said).toEqual(["RST seq=2 ack=0"]);
	});
});

describe("stock's handshake as a client", () => {
	it("takes a SYN+ACK of any sequence and acknowledges the next", () => {
		const opener = new StockStack(
			{
				transmit: note,
				established: () => undefined,
				deliver: () => undefined,
				closed: () => undefined,
			},
			[],
		);
		expect(opener.open(local, remote, 0)).toBe(1);
		said = [];
		opener.receive(
			{
				local,
				remote,
				sequence: 0xffffffff,
				acknowledgement: 1,
				controlBits: BIT.syn | BIT.ack,
				payload: Buffer.alloc(0),
			},
			0,
		);
		expect(said).toEqual(["ACK seq=1 ack=0"]);
	});
});
