import {
	mkdirSync,
	mkdtempSync,
	readdirSync,
	rmSync,
	writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { createSysctlFiles, sysctlName } from "./sysctl-files.js";

const root = mkdtempSync(join(tmpdir(), "tunscope-sysctls-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));
mkdirSync(join(root, "net"));
writeFileSync(join(root, "net", "one"), "1\n");

describe("settings as files", () => {
	const sysctls = createSysctlFiles(root);

	it("reads without the newline and writes what it reads back", () => {
		expect(sysctls.read("net/one")).toBe("1");
		expect(sysctls.write("net/one", "0")).toBe(true);
		expect(sysctls.read("net/one")).toBe("0");
	});

	it("says so when a setting does not exist, and creates none", () => {
		expect(sysctls.read("net/two")).toBeNull();
		expect(sysctls.write("net/two", "1")).toBe(false);
		expect(readdirSync(join(root, "net"))).toEqual(["one"]);
		expect(sysctls.list("net")).toEqual(["one"]);
		expect(sysctls.list("missing")).toEqual([]);
	});

	it("explains a setting that cannot be written", () => {
		expect(() => sysctls.write("net", "1")).toThrow(
			expect.objectContaining({
				code: "PERMISSION_DENIED",
				message: expect.stringContaining("could not be set"),
			}),
		);
	});

	it("names a setting as sysctl(8) does, with the dots of an interface as slashes", () => {
		expect(sysctlName("net/ipv4/conf/eth0.100/forwarding")).toBe(
			"net.ipv4.conf.eth0/100.forwarding",
		);
	});
});
