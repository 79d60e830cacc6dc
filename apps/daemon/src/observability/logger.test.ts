import { describe, expect, it } from "vitest";
import { createLogger } from "./logger.js";

async function linesOf(level: string, hasColour: boolean): Promise<string[]> {
	const lines: string[] = [];
	const logger = await createLogger({
		level,
		version: "1.2.3",
		form: "pretty",
		descriptor: 1,
		writeLine: (text) => lines.push(text),
		hasColour,
	});
	logger.debug("too fine");
	logger.info({ event: "flow-opened", peer: "192.0.2.1:1" }, "flow opened");
	logger.warn("careful");
	return lines;
}

describe("logger for a terminal", () => {
	it("writes one whole line per event: time, level, sentence", async () => {
		const lines = await linesOf("info", false);
		expect(lines).toHaveLength(2);
		expect(lines[0]).toMatch(/^\[\d\d:\d\d:\d\d\] INFO: flow opened\n$/);
	});

	it("respects the level, and colours only when asked", async () => {
		expect(await linesOf("error", false)).toEqual([]);
		expect((await linesOf("info", true)).join("")).toContain("\u001b[");
		expect((await linesOf("info", false)).join("")).not.toContain("\u001b[");
	});
});
