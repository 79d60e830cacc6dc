import {
	ACCEPT,
	anyPacket,
	mutatePacket,
	readSlowly,
	SeededRandom,
	SegmentView,
	toHex,
} from "@tunscope/fake-tcp/testing";
import { PACKET_VERDICT } from "@tunscope/tun";
import { checkPacket } from "@tunscope/tun/packet-check";
import { describe, expect, it } from "vitest";

const PACKETS = 100_000;
const AT = 40;
const arena = new Uint8Array(128 * 1024);
const view = new SegmentView(arena);
const NO_VIRTIO = new Uint8Array(10);
const { checksumGood, checksumBad, checksumUnknown } = PACKET_VERDICT;

function whyNoAddon(): string | null {
	try {
		checkPacket(NO_VIRTIO, new Uint8Array(0));
		return null;
	} catch (error) {
		return String(error);
	}
}

type Word = "good" | "damaged" | "no segment";

/** What the engine's view says of the packet. */
function viewsWord(bytes: Uint8Array): Word {
	arena.set(bytes, AT);
	if (view.bind(AT, bytes.length) !== ACCEPT) return "no segment";
	return view.verifyTcpChecksum() ? "good" : "damaged";
}

function referencesWord(bytes: Uint8Array): Word {
	const reading = readSlowly(bytes);
	if (reading.kind !== "segment") return "no segment";
	return reading.segment.hasRightChecksum ? "good" : "damaged";
}

const NATIVE_WORDS = new Map<number, Word | "unknown">([
	[checksumGood, "good"],
	[checksumBad, "damaged"],
	[checksumUnknown, "unknown"],
]);

/**
 * Why the device layer's word may differ from the view's; null when nothing explains it. The device layer looks for
 * a checksum to sum and leaves every other judgement to the view.
 */
function explanation(bytes: Uint8Array, native: string): string | null {
	const reading = readSlowly(bytes);
	const isIpv6 = (bytes[0] ?? 0) >>> 4 === 6;
	if (reading.kind === "segment")
		return isIpv6 && native === "unknown"
			? "a routing header with segments left: another destination is summed"
			: null;
	if (reading.kind !== "faulty" || native === "unknown") return null;
	const [fault, ...others] = reading.faults;
	if (others.length > 0) return null;
	if (fault === "bad-ip-checksum")
		return "the IP header's own checksum is the view's to judge";
	if (fault === "bad-extension-chain")
		return "a chain of exactly as many headers as are walked";
	return null;
}

const missing = whyNoAddon();
if (missing !== null)
	console.warn(`The native reader is not compared: ${missing}`);

describe.skipIf(missing !== null)("the readers of a packet", () => {
	it(`agree on ${PACKETS} generated packets, or the difference is explained (row 19)`, () => {
		const random = new SeededRandom(19);
		const told = new Map<string, number>();
		for (let made = 0; made < PACKETS; made++) {
			const valid = anyPacket(random);
			const { bytes, how } = random.chance(0.8)
				? mutatePacket(valid, random)
				: { bytes: valid, how: ["valid"] };
			const views = viewsWord(bytes);
			const { verdict } = checkPacket(NO_VIRTIO, bytes);
			const native = NATIVE_WORDS.get(verdict) ?? `verdict ${verdict}`;
			const isSame =
				views === native || (views === "no segment" && native === "unknown");
			const reason = isSame ? "they agree" : explanation(bytes, native);
			if (views !== referencesWord(bytes) || reason === null)
				expect.fail(
					`view: ${views}, native: ${native}, reference: ${referencesWord(bytes)} (${how.join(", ")}): ${toHex(bytes)}`,
				);
			told.set(
				`${views}: ${reason}`,
				(told.get(`${views}: ${reason}`) ?? 0) + 1,
			);
		}
		// Every kind of agreement was put to the test, by the thousand.
		for (const word of ["good", "damaged", "no segment"])
			expect(told.get(`${word}: they agree`)).toBeGreaterThan(2_000);
	}, 60_000);
});
