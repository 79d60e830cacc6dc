import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
	enhancedPacketBlock,
	interfaceDescriptionBlock,
	interfaceStatisticsBlock,
	sectionHeaderBlock,
} from "./pcapng.js";
import { numberOf, readPcapng, textOf } from "./testing/read-pcapng.js";
import { WholeBlocks } from "./whole-blocks.js";

function hex(bytes: Uint8Array): string {
	return Buffer.from(bytes).toString("hex");
}

describe("pcapng blocks", () => {
	it("are these octets, by hand from the specification", () => {
		expect(
			hex(
				enhancedPacketBlock({
					unixNs: 0x0102030405060708n,
					isOutgoing: true,
					packetBytes: 1_500,
					bytes: Uint8Array.of(0x45, 0, 5, 0xdc, 0xff),
					lost: 3,
					comment: "fragment",
				}),
			),
		).toBe(
			[
				"06000000", // enhanced packet block
				"4c000000", // 76 octets
				"00000000", // interface 0
				"0403020108070605", // upper half of the time, lower half
				"05000000", // captured
				"dc050000", // of 1,500
				"450005dcff000000", // padded to 8
				"0200040002000000", // epb_flags: outbound
				"040008000300000000000000", // epb_dropcount
				"01000800667261676d656e74", // opt_comment
				"00000000", // opt_endofopt
				"4c000000",
			].join(""),
		);
		expect(
			hex(
				interfaceDescriptionBlock({ name: "t", description: "", snapBytes: 9 }),
			),
		).toBe(
			"01000000" +
				"2c000000" +
				"65000000" + // LINKTYPE_RAW
				"09000000" +
				"0200010074000000" +
				"03000000" +
				"0900010009000000" + // if_tsresol: 10⁻⁹
				"00000000" +
				"2c000000",
		);
	});

	it("read back as the values that were written", () => {
		const file = Buffer.concat([
			sectionHeaderBlock({
				application: "tunscope 1",
				operatingSystem: "Linux 6",
				comment: "what — why",
			}),
			interfaceDescriptionBlock({
				name: "tun0",
				description: "the TUN",
				snapBytes: 256,
			}),
			interfaceStatisticsBlock({
				unixNs: 20n,
				startUnixNs: 10n << 40n,
				received: 5_000_000_000,
				lost: 7,
			}),
		]);
		const [section, description, statistics, ...more] = readPcapng(file);
		expect(more).toEqual([]);
		expect(section).toMatchObject({
			kind: "section",
			version: [1, 0],
			sectionLength: -1n,
		});
		if (
			section === undefined ||
			description === undefined ||
			statistics === undefined
		)
			throw new Error("three blocks");
		expect(textOf(section.options, 1)).toBe("what — why");
		expect(textOf(section.options, 3)).toBe("Linux 6");
		expect(textOf(section.options, 4)).toBe("tunscope 1");
		expect(description).toMatchObject({ linkType: 101, snapBytes: 256 });
		expect(textOf(description.options, 2)).toBe("tun0");
		expect(textOf(description.options, 3)).toBe("the TUN");
		expect(description.options.get(9)).toEqual(Uint8Array.of(9));
		expect(statistics).toMatchObject({ kind: "statistics", unixNs: 20n });
		expect(numberOf(statistics.options, 4)).toBe(5_000_000_000);
		expect(numberOf(statistics.options, 5)).toBe(7);
		expect(hex(statistics.options.get(2) ?? new Uint8Array())).toBe(
			"000a000000000000",
		);
	});

	it("hold any packet", () => {
		fc.assert(
			fc.property(
				fc.record({
					unixNs: fc.bigInt(0n, (1n << 64n) - 1n),
					isOutgoing: fc.boolean(),
					packetBytes: fc.nat(65_575),
					bytes: fc.uint8Array({ maxLength: 300 }),
					lost: fc.nat(),
					comment: fc.string(),
				}),
				(packet) => {
					const [block, ...more] = readPcapng(enhancedPacketBlock(packet));
					expect(more).toEqual([]);
					if (block?.kind !== "packet") throw new Error("a packet");
					const { unixNs, packetBytes, bytes, options } = block;
					expect({
						unixNs,
						packetBytes,
						bytes,
						isOutgoing: numberOf(options, 2) === 2,
						lost: numberOf(options, 4) ?? 0,
						comment: textOf(options, 1) ?? "",
					}).toEqual(packet);
				},
			),
		);
	});
});

describe("whole blocks", () => {
	it("come out the same, however the stream was cut, and never in parts", () => {
		const packet = (length: number) =>
			enhancedPacketBlock({
				unixNs: 1n,
				isOutgoing: false,
				packetBytes: length,
				bytes: new Uint8Array(length),
				lost: 0,
				comment: "",
			});
		const file = Buffer.concat([
			...[0, 1, 40, 256].map(packet),
			interfaceStatisticsBlock({
				unixNs: 0n,
				startUnixNs: 0n,
				received: 4,
				lost: 0,
			}),
		]);
		fc.assert(
			fc.property(fc.array(fc.integer({ min: 1, max: 200 })), (cuts) => {
				const blocks = new WholeBlocks();
				const out: Uint8Array[] = [];
				let at = 0;
				for (const cut of [...cuts, file.length]) {
					out.push(blocks.push(file.subarray(at, at + cut)));
					at += cut;
					readPcapng(Buffer.concat(out));
				}
				expect(hex(Buffer.concat(out))).toBe(hex(file));
				expect(blocks.packets).toBe(4);
				expect(blocks.isComplete).toBe(true);
			}),
		);
	});

	it("refuse what is no pcapng, and know what is cut off", () => {
		expect(() => new WholeBlocks().push(new Uint8Array(20))).toThrow(
			RangeError,
		);
		const blocks = new WholeBlocks();
		const file = sectionHeaderBlock({
			application: "",
			operatingSystem: "",
			comment: "",
		});
		expect(blocks.push(file.subarray(0, 30))).toHaveLength(0);
		expect(blocks.isComplete).toBe(false);
	});
});
