// The kernel's own word: two namespaces, one after the other, never have one cookie.

import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { readNetworkNamespaceCookie } from "./network-namespace.js";

const PACKAGE = fileURLToPath(new URL("../..", import.meta.url));

/** Asks in a network namespace of its own, which ends with the process. */
function cookieOfNewNamespace(): string {
	const script = `console.log(require("node-gyp-build")(${JSON.stringify(PACKAGE)}).networkNamespaceCookie())`;
	return execFileSync("unshare", ["--net", process.execPath, "-e", script], {
		encoding: "utf8",
		cwd: PACKAGE,
	}).trim();
}

describe("readNetworkNamespaceCookie", () => {
	it("stays the same in one namespace", () => {
		const cookie = readNetworkNamespaceCookie();
		expect(cookie).toBe(readNetworkNamespaceCookie());
		if (cookie !== null) expect(cookie).toMatch(/^[1-9]\d*$/);
	});

	it("differs in every new one", (context) => {
		if (process.getuid?.() !== 0) return context.skip("needs root");
		const cookies = [
			readNetworkNamespaceCookie() ?? "0",
			cookieOfNewNamespace(),
			cookieOfNewNamespace(),
		];
		if (cookies[0] === "0") expect(cookies).toEqual(["0", "0", "0"]);
		else expect(new Set(cookies).size).toBe(3);
	});
});
