// Scripted exchanges with stock Phantun, and the answers that wire.md 4.2 to 4.5 says it gives.

import type { Step } from "./conformance-bench.js";

export interface Script {
	readonly title: string;
	readonly role: "client" | "server";
	/** Each step with the answers to it, shortened: address-level fields are compared between the programs. */
	readonly steps: readonly (readonly [step: Step, ...answers: string[]])[];
}

const SYN = 0x02;
const RST = 0x04;
const ACK = 0x10;
const SYN_ACK = SYN | ACK;
const MIB = 1024 * 1024;

const segment = (
	bits: number,
	fields: Omit<Extract<Step, { segment: unknown }>["segment"], "bits"> = {},
): Step => ({ segment: { bits, ...fields } });
const datagram = (text: string): Step => ({ datagram: text });
const listen = (listenMs: number): Step => ({ listenMs });

const OPEN = [
	[segment(SYN), "SYN+ACK seq=0 ack=1"],
	[segment(ACK, { seq: 1, ack: 1 })],
] as const;

const SERVER_SCRIPTS: readonly Script[] = [
	{
		title: "swallows the final ACK's payload, then carries both ways",
		role: "server",
		steps: [
			[segment(SYN), "SYN+ACK seq=0 ack=1"],
			[segment(ACK, { seq: 1, ack: 1, text: "swallowed" })],
			[segment(ACK, { seq: 1, ack: 1, text: "kept" }), "UDP kept"],
			[datagram("pong"), "ACK seq=1 ack=5 len=4"],
			[datagram("again"), "ACK seq=5 ack=5 len=5"],
			[datagram(""), "ACK seq=10 ack=5"],
		],
	},
	{
		title: "resets SYNs that it does not like",
		role: "server",
		steps: [
			[segment(SYN, { seq: 7 }), "RST+ACK seq=0 ack=8"],
			[segment(SYN, { seq: 7, text: "abc" }), "RST+ACK seq=0 ack=11"],
			[segment(SYN | 0xc0, { seq: 0, ack: 3 }), "RST+ACK seq=3 ack=0"],
			[segment(SYN, { seq: 0, ack: 9, to: 4 }), "RST+ACK seq=9 ack=0"],
			[segment(SYN | 0x01, { seq: 5 }), "RST+ACK seq=0 ack=5"],
			[segment(SYN | RST, { seq: 5 })],
		],
	},
	{
		title: "loses the payload of a SYN of sequence 0",
		role: "server",
		steps: [
			[segment(SYN, { text: "lost" }), "SYN+ACK seq=0 ack=1"],
			[segment(ACK, { seq: 5, ack: 1 })],
			[segment(ACK, { seq: 5, ack: 1, text: "kept" }), "UDP kept"],
		],
	},
	{
		title: "resets strangers, but not their resets",
		role: "server",
		steps: [
			[segment(ACK, { seq: 100, ack: 200 }), "RST+ACK seq=200 ack=100"],
			[
				segment(ACK, { seq: 100, ack: 200, text: "four" }),
				"RST+ACK seq=200 ack=104",
			],
			[segment(SYN_ACK, { seq: 100, ack: 200 }), "RST+ACK seq=200 ack=100"],
			[segment(RST, { seq: 100, ack: 200 })],
			[segment(RST | ACK, { seq: 100, ack: 200 })],
		],
	},
	{
		title: "closes on any reset with one of its own, and then knows nothing",
		role: "server",
		steps: [
			...OPEN,
			[segment(ACK, { seq: 1, ack: 1, text: "x" }), "UDP x"],
			[datagram("yz"), "ACK seq=1 ack=2 len=2"],
			[segment(RST, { seq: 99_999_999 }), "RST seq=3 ack=0"],
			[segment(ACK, { seq: 2, ack: 3, text: "late" }), "RST+ACK seq=3 ack=6"],
		],
	},
	{
		title: "acknowledges the last segment received, backwards too",
		role: "server",
		steps: [
			...OPEN,
			[segment(ACK, { seq: 101, ack: 1, text: "b" }), "UDP b"],
			[segment(ACK, { seq: 1, ack: 1, text: "a" }), "UDP a"],
			[datagram("x"), "ACK seq=1 ack=2 len=1"],
			[segment(ACK, { seq: 2, ack: 2, text: "cc" }), "UDP cc"],
			[segment(ACK, { seq: 2, ack: 2, text: "cc" }), "UDP cc"],
			[datagram("x"), "ACK seq=2 ack=4 len=1"],
		],
	},
	{
		title: "answers what ends behind its last acknowledgement, or far ahead",
		role: "server",
		steps: [
			...OPEN,
			[segment(ACK, { seq: 0, ack: 1 }), "ACK seq=1 ack=0"],
			[segment(ACK, { seq: 1, ack: 1 })],
			[segment(ACK, { seq: 0xffffffff, ack: 1 }), "ACK seq=1 ack=4294967295"],
			[segment(ACK, { seq: 1, ack: 1, text: "ok" }), "UDP ok"],
			[datagram("x"), "ACK seq=1 ack=3 len=1"],
			[segment(ACK, { seq: 3 + 128 * MIB, ack: 2 })],
			[
				segment(ACK, { seq: 4 + 128 * MIB, ack: 2 }),
				`ACK seq=2 ack=${4 + 128 * MIB}`,
			],
		],
	},
	{
		title: "takes data whatever the control bits, but for a reset",
		role: "server",
		steps: [
			...OPEN,
			[segment(0x18, { seq: 1, ack: 1, text: "psh" }), "UDP psh"],
			[segment(0x11, { seq: 4, ack: 1, text: "fin" }), "UDP fin"],
			[segment(0x00, { seq: 7, ack: 0, text: "none" }), "UDP none"],
			[segment(SYN, { seq: 0, ack: 0 }), "ACK seq=1 ack=0"],
		],
	},
	{
		title: "gives up a handshake after five segments that do not fit",
		role: "server",
		steps: [
			[segment(SYN), "SYN+ACK seq=0 ack=1"],
			[segment(ACK, { ack: 9 })],
			[segment(SYN)],
			[segment(0x18, { ack: 1 })],
			[segment(ACK, { ack: 2 })],
			[segment(SYN_ACK, { ack: 1 }), "RST seq=0 ack=0"],
		],
	},
	{
		title: "drops a handshake that is reset",
		role: "server",
		steps: [
			[segment(SYN), "SYN+ACK seq=0 ack=1"],
			[segment(RST), "RST seq=0 ack=0"],
		],
	},
	{
		title: "sends its SYN+ACK three times in three seconds",
		role: "server",
		steps: [
			[segment(SYN), "SYN+ACK seq=0 ack=1"],
			[
				listen(3_300),
				"SYN+ACK seq=0 ack=1",
				"SYN+ACK seq=0 ack=1",
				"RST seq=0 ack=0",
			],
		],
	},
];

const CLIENT_SCRIPTS: readonly Script[] = [
	{
		title: "takes any sequence in a SYN+ACK and sends the waiting datagram",
		role: "client",
		steps: [
			[datagram("first"), "SYN seq=0 ack=0"],
			[
				segment(SYN_ACK, { seq: 0x12345678, ack: 1 }),
				"ACK seq=1 ack=305419897",
				"ACK seq=1 ack=305419897 len=5",
			],
			[datagram("more"), "ACK seq=6 ack=305419897 len=4"],
			[segment(ACK, { seq: 0x12345679, ack: 10, text: "back" }), "UDP back"],
			[
				segment(SYN_ACK, { seq: 0x12345678, ack: 1 }),
				"ACK seq=10 ack=305419896",
			],
			[segment(RST, { seq: 1 }), "RST seq=10 ack=0"],
			[datagram("anew"), "SYN seq=0 ack=0"],
		],
	},
	{
		title:
			"drops a refused handshake and starts another with the next datagram",
		role: "client",
		steps: [
			[datagram("lost"), "SYN seq=0 ack=0"],
			[segment(RST | ACK, { ack: 1 }), "RST seq=0 ack=0"],
			[datagram("next"), "SYN seq=0 ack=0"],
			[
				segment(SYN_ACK, { seq: 0, ack: 1 }),
				"ACK seq=1 ack=1",
				"ACK seq=1 ack=1 len=4",
			],
		],
	},
	{
		title: "sends its SYN three times in three seconds",
		role: "client",
		steps: [
			[datagram("lost"), "SYN seq=0 ack=0"],
			[listen(3_300), "SYN seq=0 ack=0", "SYN seq=0 ack=0", "RST seq=0 ack=0"],
		],
	},
	{
		title: "gives up after five segments that do not fit",
		role: "client",
		steps: [
			[datagram("lost"), "SYN seq=0 ack=0"],
			[segment(SYN_ACK, { seq: 0, ack: 7 })],
			[segment(ACK, { seq: 0, ack: 1 })],
			[segment(SYN, { seq: 0 })],
			[segment(SYN_ACK | 0x40, { seq: 0, ack: 1 })],
			[segment(ACK), "RST seq=0 ack=0"],
		],
	},
];

export const SCRIPTS: readonly Script[] = [
	...SERVER_SCRIPTS,
	...CLIENT_SCRIPTS,
];
