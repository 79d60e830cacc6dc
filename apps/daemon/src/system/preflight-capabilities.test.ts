import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import {
	requireNetAdmin,
	requireTunDevice,
	requireWritableFolder,
	requireWritableSettings,
} from "./preflight-capabilities.js";

const folder = mkdtempSync(join(tmpdir(), "tunscope-rights-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const NET_ADMIN = "0000000000001000";
const NONE = "0000000000000000";

function status(uid: number, sets: { eff: string; bnd: string; amb: string }) {
	return `Uid:\t${uid}\t${uid}\t${uid}\t${uid}\nCapEff:\t${sets.eff}\nCapBnd:\t${sets.bnd}\nCapAmb:\t${sets.amb}\n`;
}

describe("rights", () => {
	it("are enough for root and for a user with the ambient capability", () => {
		const root = status(0, { eff: NET_ADMIN, bnd: NET_ADMIN, amb: NONE });
		expect(() => requireNetAdmin(root)).not.toThrow();
		const user = status(7, { eff: NET_ADMIN, bnd: NET_ADMIN, amb: NET_ADMIN });
		expect(() => requireNetAdmin(user)).not.toThrow();
	});

	it("are not for a user without, for root in a container without, and when they end at this process", () => {
		const plain = status(7, { eff: NONE, bnd: NET_ADMIN, amb: NONE });
		expect(() => requireNetAdmin(plain)).toThrow(/needs root or/);
		const contained = status(0, { eff: NONE, bnd: NONE, amb: NONE });
		expect(() => requireNetAdmin(contained)).toThrow(/needs root or/);
		const byFile = status(7, { eff: NET_ADMIN, bnd: NET_ADMIN, amb: NONE });
		expect(() => requireNetAdmin(byFile)).toThrow(/ambient/);
		expect(() => requireNetAdmin("")).toThrow(/needs root or/);
	});

	it("want a TUN device, not a file or nothing", () => {
		expect(() => requireTunDevice("/dev/null")).not.toThrow();
		for (const path of [join(folder, "missing"), folder])
			expect(() => requireTunDevice(path)).toThrow(/no TUN device/);
	});

	it("want settings that can be written, and pass over those that a kernel does not have", () => {
		expect(() =>
			requireWritableSettings([join(folder, "missing"), "/dev/null"]),
		).not.toThrow();
		expect(() => requireWritableSettings(["/proc/self/mem/x"])).toThrow(
			expect.objectContaining({ code: "PERMISSION_DENIED" }),
		);
	});

	it("want a folder that takes files, or one above it", () => {
		const user = status(7, { eff: NET_ADMIN, bnd: NET_ADMIN, amb: NET_ADMIN });
		expect(() =>
			requireWritableFolder(join(folder, "a/b/c"), user),
		).not.toThrow();
		expect(() => requireWritableFolder("/dev/null/tunscope", user)).toThrow(
			expect.objectContaining({ code: "STATE_FILE_UNUSABLE" }),
		);
	});
});
