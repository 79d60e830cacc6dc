import { describe, expect, it } from "vitest";
import {
	FIRST_SOURCE_PORT,
	LAST_SOURCE_PORT,
	SOURCE_PORTS,
	SourcePorts,
} from "./source-ports.js";

describe("source ports", () => {
	it("start anywhere in the range, go upward and wrap", () => {
		const ports = new SourcePorts(SOURCE_PORTS - 1);
		expect(ports.next(() => false)).toBe(LAST_SOURCE_PORT);
		expect(ports.next(() => false)).toBe(FIRST_SOURCE_PORT);
		expect(new SourcePorts(-5).next(() => false)).toBeGreaterThanOrEqual(
			FIRST_SOURCE_PORT,
		);
	});

	it("skip ports in use, find the last free one, and say 0 when there is none", () => {
		const ports = new SourcePorts(0);
		const free = FIRST_SOURCE_PORT + 12_345;
		expect(ports.next((port) => port !== free)).toBe(free);
		expect(ports.next(() => true)).toBe(0);
	});
});
