import { describe, expect, it } from "vitest";
import { resolveRemote } from "./resolve-remote.js";

describe("resolving the remote", () => {
	it("takes literals of both families as they are", async () => {
		const of = (host: string) =>
			resolveRemote({ remote: { host, port: 7 }, ipv4Only: false });
		expect(await of("192.0.2.1")).toEqual([
			{ family: 4, address: "192.0.2.1", port: 7 },
		]);
		expect(await of("2001:db8::1")).toEqual([
			{ family: 6, address: "2001:db8::1", port: 7 },
		]);
	});

	it("asks the system for names", async () => {
		const found = await resolveRemote({
			remote: { host: "localhost", port: 7 },
			ipv4Only: true,
		});
		expect(found).toContainEqual({ family: 4, address: "127.0.0.1", port: 7 });
	});

	it("refuses an IPv6 remote with --ipv4-only", async () => {
		await expect(
			resolveRemote({
				remote: { host: "2001:db8::1", port: 7 },
				ipv4Only: true,
			}),
		).rejects.toMatchObject({
			code: "REMOTE_NOT_RESOLVED",
			message: expect.stringContaining("--ipv4-only"),
		});
	});

	it("names the host that does not resolve", async () => {
		await expect(
			resolveRemote({
				remote: { host: "no-such-host.invalid", port: 7 },
				ipv4Only: false,
			}),
		).rejects.toMatchObject({
			code: "REMOTE_NOT_RESOLVED",
			message: expect.stringContaining("no-such-host.invalid"),
		});
	});
});
