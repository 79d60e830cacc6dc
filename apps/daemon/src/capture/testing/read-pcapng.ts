// Reads a pcapng file back into values, strictly: for tests that hold the writer to the format, not to itself.

interface RawBlock {
	readonly type: number;
	readonly body: DataView;
}

export type PcapngBlock =
	| {
			readonly kind: "section";
			readonly version: readonly [number, number];
			readonly sectionLength: bigint;
			readonly options: Options;
	  }
	| {
			readonly kind: "interface";
			readonly linkType: number;
			readonly snapBytes: number;
			readonly options: Options;
	  }
	| PacketBlock
	| {
			readonly kind: "statistics";
			readonly unixNs: bigint;
			readonly options: Options;
	  };

export interface PacketBlock {
	readonly kind: "packet";
	readonly unixNs: bigint;
	readonly packetBytes: number;
	readonly bytes: Uint8Array;
	readonly options: Options;
}

/** By code, in the order of the file. */
export type Options = ReadonlyMap<number, Uint8Array>;

/** @throws Error for anything that the format does not allow */
export function readPcapng(file: Uint8Array): readonly PcapngBlock[] {
	const view = new DataView(file.buffer, file.byteOffset, file.length);
	const blocks: PcapngBlock[] = [];
	for (let at = 0; at < file.length; ) {
		const length = view.getUint32(at + 4, true);
		insist(length % 4 === 0 && length >= 12, `block length ${length}`);
		insist(at + length <= file.length, "a block ends within the file");
		const trailer = view.getUint32(at + length - 4, true);
		insist(trailer === length, "both lengths of a block are the same");
		const body = new DataView(
			file.buffer,
			file.byteOffset + at + 8,
			length - 12,
		);
		blocks.push(readBlock({ type: view.getUint32(at, true), body }));
		at += length;
	}
	return blocks;
}

export function packetsOf(
	blocks: readonly PcapngBlock[],
): readonly PacketBlock[] {
	return blocks.filter((block) => block.kind === "packet");
}

export function textOf(options: Options, code: number): string | null {
	const value = options.get(code);
	return value === undefined ? null : new TextDecoder().decode(value);
}

/** A 32- or 64-bit number; null where the option is not there. */
export function numberOf(options: Options, code: number): number | null {
	const value = options.get(code);
	if (value === undefined) return null;
	const view = new DataView(value.buffer, value.byteOffset, value.length);
	if (value.length === 4) return view.getUint32(0, true);
	insist(value.length === 8, `a number of ${value.length} octets`);
	return Number(view.getBigUint64(0, true));
}

function readBlock({ type, body }: RawBlock): PcapngBlock {
	switch (type) {
		case 0x0a0d0d0a:
			insist(body.getUint32(0, true) === 0x1a2b3c4d, "byte-order magic");
			return {
				kind: "section",
				version: [body.getUint16(4, true), body.getUint16(6, true)],
				sectionLength: body.getBigInt64(8, true),
				options: readOptions(body, 16),
			};
		case 1:
			return {
				kind: "interface",
				linkType: body.getUint16(0, true),
				snapBytes: body.getUint32(4, true),
				options: readOptions(body, 8),
			};
		case 5:
			insist(body.getUint32(0, true) === 0, "interface 0");
			return {
				kind: "statistics",
				unixNs: readTime(body, 4),
				options: readOptions(body, 12),
			};
		case 6: {
			insist(body.getUint32(0, true) === 0, "interface 0");
			const captured = body.getUint32(12, true);
			return {
				kind: "packet",
				unixNs: readTime(body, 4),
				packetBytes: body.getUint32(16, true),
				bytes: new Uint8Array(body.buffer, body.byteOffset + 20, captured),
				options: readOptions(body, 20 + Math.ceil(captured / 4) * 4),
			};
		}
		default:
			throw new Error(`a block of type ${type}`);
	}
}

function readOptions(body: DataView, start: number): Options {
	const options = new Map<number, Uint8Array>();
	for (let at = start; ; ) {
		const code = body.getUint16(at, true);
		const length = body.getUint16(at + 2, true);
		if (code === 0) {
			insist(length === 0 && at + 4 === body.byteLength, "end of options");
			return options;
		}
		insist(!options.has(code), `option ${code} stands once`);
		options.set(
			code,
			new Uint8Array(body.buffer, body.byteOffset + at + 4, length),
		);
		at += 4 + Math.ceil(length / 4) * 4;
	}
}

function readTime(body: DataView, at: number): bigint {
	const high = BigInt(body.getUint32(at, true));
	return (high << 32n) | BigInt(body.getUint32(at + 4, true));
}

function insist(isSo: boolean, what: string): void {
	if (!isSo) throw new Error(`no pcapng: ${what}`);
}
