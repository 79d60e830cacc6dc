import { describe, expect, it } from "vitest";
import { formatCommand, runCommand } from "./run-command.js";

describe("runCommand", () => {
	it("gives the output of a program that ends well, and feeds it its input", async () => {
		const { stdout } = await runCommand("cat", [], { input: "one\ntwo\n" });
		expect(stdout).toBe("one\ntwo\n");
	});

	it("names the missing program and the package that has it", async () => {
		await expect(
			runCommand("tunscope-no-such-program", []),
		).rejects.toMatchObject({
			code: "COMMAND_MISSING",
			message: expect.stringContaining("tunscope-no-such-program"),
		});
	});

	it("ends a program that hangs, and says after how long", async () => {
		await expect(
			runCommand("sleep", ["20"], { timeLimitMs: 50 }),
		).rejects.toMatchObject({
			code: "COMMAND_TIMEOUT",
			message: expect.stringContaining("50 ms"),
		});
	});

	it("passes on the program's own words when it fails", async () => {
		await expect(runCommand("ls", ["/no/such/place"])).rejects.toMatchObject({
			code: "COMMAND_FAILED",
			message: expect.stringContaining("/no/such/place"),
		});
	});

	it("never starts a shell", async () => {
		const { stdout } = await runCommand("echo", ["$(id)", "; ls"]);
		expect(stdout).toBe("$(id) ; ls\n");
	});

	it("quotes what a shell would otherwise split or expand", () => {
		expect(formatCommand("ip", ["link", "set", "a'b $x"])).toBe(
			"ip link set 'a'\\''b $x'",
		);
	});
});
