import { describe, expect, it } from "vitest";
import { EXIT, exitCodeOfError } from "./exit-codes.js";

describe("exit codes", () => {
	it("follow the kind of the failure", () => {
		expect(exitCodeOfError("PERMISSION_DENIED")).toBe(EXIT.permission);
		expect(exitCodeOfError("UDP_PORT_TAKEN")).toBe(EXIT.unavailable);
		expect(exitCodeOfError("NAME_IN_USE")).toBe(EXIT.cannotCreate);
		expect(exitCodeOfError("TUN_LOST")).toBe(EXIT.tunLost);
	});

	it("call an unknown code our own bug", () => {
		expect(exitCodeOfError("INTERNAL")).toBe(70);
	});
});
