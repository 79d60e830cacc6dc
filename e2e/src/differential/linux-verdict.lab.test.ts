// Which of the generated packets are whole TCP segments: the engine's view against Linux's own TCP.

import { fileURLToPath } from "node:url";
import {
	ACCEPT,
	anyPacket,
	CLIENT_ADDRESS,
	CLIENT_ADDRESS6,
	mutatePacket,
	readSlowly,
	SERVER_ADDRESS,
	SERVER_ADDRESS6,
	SeededRandom,
	SegmentView,
	toHex,
} from "@tunscope/fake-tcp/testing";
import { describe, expect, it } from "vitest";
import { startInNamespace } from "../netlab/lab-process.js";
import { createNamespace } from "../netlab/namespace.js";

const isLong = process.env.LONG === "1";
const PACKETS = isLong ? 100_000 : 6_000;
const DEADLINE_MS = isLong ? 300_000 : 40_000;
const TUN = "verdict0";
const SCRIPT = fileURLToPath(
	new URL("../../src/differential/linux-verdict.py", import.meta.url),
);
const AT = 40;
const arena = new Uint8Array(128 * 1024);
const view = new SegmentView(arena);

/** Linux refuses sources and destinations that the view does not judge: those packets would compare something else. */
function hasItsAddresses(bytes: Uint8Array): boolean {
	const isIpv4 = (bytes[0] ?? 0) >>> 4 === 4;
	const ours = isIpv4 ? PLAIN_ADDRESSES[4] : PLAIN_ADDRESSES[6];
	const at = isIpv4 ? 12 : 8;
	return toHex(bytes.subarray(at, at + ours.length / 2)) === ours;
}

function addressesOf(family: 4 | 6): string {
	const random = new SeededRandom(1);
	for (;;) {
		const bytes = anyPacket(random);
		if ((bytes[0] ?? 0) >>> 4 !== family) continue;
		const reading = readSlowly(bytes);
		if (reading.kind === "segment") return toHex(reading.segment.addresses);
	}
}

const PLAIN_ADDRESSES = { 4: addressesOf(4), 6: addressesOf(6) } as const;

function generate(): readonly Uint8Array[] {
	const random = new SeededRandom(20);
	const packets: Uint8Array[] = [];
	while (packets.length < PACKETS) {
		const valid = anyPacket(random);
		const bytes = random.chance(0.7)
			? mutatePacket(valid, random).bytes
			: valid;
		if (bytes.length < 40 || hasItsAddresses(bytes)) packets.push(bytes);
	}
	return packets;
}

type Word = "segment" | "damaged" | "none";

function viewsWord(bytes: Uint8Array): Word {
	arena.set(bytes, AT);
	if (view.bind(AT, bytes.length) !== ACCEPT) return "none";
	return view.verifyTcpChecksum() ? "segment" : "damaged";
}

const RST = 0x04;

/** Linux's word in the view's terms: what it took for a reset is not answered, nor is what it discards in silence. */
function linuxsWord(word: string | undefined, bytes: Uint8Array): string {
	if (word === "refused" || word === undefined) return "none";
	if (word === "answered") return "segment";
	if (word !== "unanswered") return word;
	const reading = readSlowly(bytes);
	const isReset =
		reading.kind === "segment" && (reading.segment.bits & RST) !== 0;
	return isReset ? "segment" : "none";
}

/** Why Linux may see it otherwise; null when nothing explains it. */
function explanation(
	bytes: Uint8Array,
	views: Word,
	linux: string,
): string | null {
	const isIpv4 = (bytes[0] ?? 0) >>> 4 === 4;
	const reading = readSlowly(bytes);
	const fault = reading.kind === "faulty" ? reading.faults[0] : undefined;
	// TCP counts both as an error: a wrong checksum, and a header length that cannot be.
	if (fault === "bad-data-offset" && linux === "damaged")
		return "TCP's own error";
	if (isIpv4)
		return ((bytes[0] ?? 0) & 15) > 5 && linux === "none"
			? "Linux reads IPv4 options, the view skips them"
			: null;
	const hasExtensions = [0, 43, 44, 60].includes(bytes[6] ?? -1);
	if (hasExtensions && linux === "none" && views !== "none")
		return "Linux reads extension headers' contents, the view skips them";
	if (fault === "bad-extension-chain" && linux !== "none")
		return "a chain longer than the view walks";
	return null;
}

async function linuxWords(
	packets: readonly Uint8Array[],
): Promise<readonly string[]> {
	const namespace = await createNamespace("v");
	try {
		await namespace.ip([
			`tuntap add dev ${TUN} mode tun`,
			`link set ${TUN} up`,
			`addr add ${SERVER_ADDRESS} peer ${CLIENT_ADDRESS} dev ${TUN}`,
			`addr add ${SERVER_ADDRESS6} peer ${CLIENT_ADDRESS6} dev ${TUN} nodad`,
		]);
		const running = startInNamespace(namespace, {
			argv: ["/usr/bin/python3", SCRIPT, TUN],
			deadlineMs: DEADLINE_MS,
		});
		running.writeInput(packets.map((bytes) => `${toHex(bytes)}\n`).join(""));
		running.closeInput();
		const outcome = await running.ended;
		expect(outcome.code, running.stderr()).toBe(0);
		return running.stdout().trim().split("\n");
	} finally {
		await namespace.remove();
	}
}

describe("what is a whole TCP segment", () => {
	it(
		`is the same to the engine as to Linux, for ${PACKETS} packets${isLong ? "" : " (LONG=1 for 100,000)"} (row 19)`,
		async () => {
			const packets = generate();
			const words = await linuxWords(packets);
			expect(words).toHaveLength(packets.length);
			const told = new Map<string, number>();
			for (const [index, bytes] of packets.entries()) {
				const linux = linuxsWord(words[index], bytes);
				const views = viewsWord(bytes);
				const reason =
					linux === views
						? `${views}: they agree`
						: explanation(bytes, views, linux);
				if (reason === null)
					expect.fail(
						`view: ${views}, Linux: ${words[index]}: ${toHex(bytes)}`,
					);
				told.set(reason, (told.get(reason) ?? 0) + 1);
			}
			for (const word of ["segment", "damaged", "none"])
				expect(told.get(`${word}: they agree`)).toBeGreaterThan(PACKETS / 100);
		},
		DEADLINE_MS + 20_000,
	);
});
