import { afterEach, describe, expect, it, vi } from "vitest";
import { runConvert } from "./convert.js";
import { EXIT } from "./exit-codes.js";

const LINE = "phantun_client -l 127.0.0.1:1234 -r 192.0.2.1:4567";

afterEach(() => vi.restoreAllMocks());

async function convert(
	...words: readonly string[]
): Promise<{ readonly code: number; readonly text: string }> {
	vi.spyOn(process.stderr, "write").mockReturnValue(true);
	const out = vi.spyOn(process.stdout, "write").mockReturnValue(true);
	const code = await runConvert({ kind: "convert", sourcePath: null, words });
	return { code, text: out.mock.calls.map(([text]) => text).join("") };
}

describe("tunscope convert -- WORDS", () => {
	it.each([
		["word by word", LINE.split(" ")],
		["quoted as a whole", [`RUST_LOG=info ${LINE}`]],
	])("takes a command line %s", async (_name, words) => {
		const { code, text } = await convert(...words);
		expect(code).toBe(EXIT.ok);
		expect(text).toContain("remote: 192.0.2.1:4567");
	});

	it("ends in 78 when the file needs a hand, and prints it nevertheless", async () => {
		const { code, text } = await convert("udp2raw", "-l", "0.0.0.0:1");
		expect(code).toBe(EXIT.config);
		expect(text).toContain("tunnels:");
	});
});
