import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { readHandshakePacket } from "./preflight.js";

const folder = mkdtempSync(join(tmpdir(), "tunscope-preflight-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("preflight", () => {
	it("takes a handshake packet of 1 to 65,535 bytes", () => {
		const path = join(folder, "packet");
		for (const size of [1, 65_535]) {
			writeFileSync(path, Buffer.alloc(size, 7));
			expect(readHandshakePacket(path)).toHaveLength(size);
		}
		for (const size of [0, 65_536]) {
			writeFileSync(path, Buffer.alloc(size));
			expect(() => readHandshakePacket(path)).toThrow(`${size} bytes`);
		}
		expect(() => readHandshakePacket(join(folder, "missing"))).toThrow(
			/ENOENT/,
		);
	});
});
