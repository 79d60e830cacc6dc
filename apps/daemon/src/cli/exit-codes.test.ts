import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { EXIT, exitCodeOfError } from "./exit-codes.js";

describe("exit codes", () => {
	it("follow the kind of the failure", () => {
		expect(exitCodeOfError("PERMISSION_DENIED")).toBe(EXIT.permission);
		expect(exitCodeOfError("UDP_PORT_TAKEN")).toBe(EXIT.unavailable);
		expect(exitCodeOfError("TCP_PORT_TAKEN")).toBe(EXIT.unavailable);
		expect(exitCodeOfError("REMOTE_NOT_ROUTED")).toBe(EXIT.unavailable);
		expect(exitCodeOfError("NAME_IN_USE")).toBe(EXIT.cannotCreate);
		expect(exitCodeOfError("TUN_NAME_TAKEN")).toBe(EXIT.cannotCreate);
		expect(exitCodeOfError("ADDRESS_CLASH")).toBe(EXIT.config);
		expect(exitCodeOfError("ROUTE_LOOP")).toBe(EXIT.config);
		expect(exitCodeOfError("TUN_LOST")).toBe(EXIT.tunLost);
	});

	it("know every error of the host and of the devices", () => {
		const sources = [
			new URL("../system/system-error.ts", import.meta.url),
			new URL("../../../../packages/tun/src/errors.ts", import.meta.url),
		];
		for (const source of sources) {
			const text = readFileSync(source, "utf8");
			const codes = [...text.matchAll(/^\t\| "([A-Z_]+)"/gm)];
			expect(codes.length).toBeGreaterThan(5);
			for (const [, code = ""] of codes) {
				// What is not listed would end as a bug of ours; CLOSED is one.
				if (code !== "CLOSED")
					expect(exitCodeOfError(code), code).not.toBe(EXIT.internal);
			}
		}
	});

	it("call an unknown code our own bug", () => {
		expect(exitCodeOfError("INTERNAL")).toBe(70);
	});
});
