import { createSocket } from "node:dgram";
import { once } from "node:events";
import { createServer } from "node:net";
import { endianness } from "node:os";
import { describe, expect, it } from "vitest";
import { refuseTcpListener, requireFreeUdpPort } from "./preflight-ports.js";
import { isLoopback, parseSocketTable } from "./socket-owners.js";

describe("the client's UDP port", () => {
	it("is refused when taken, by name and pid, and when the address is not this host's", async () => {
		const rival = createSocket("udp4");
		rival.bind(0, "127.0.0.1");
		await once(rival, "listening");
		const { port } = rival.address();
		await expect(
			requireFreeUdpPort({ address: "127.0.0.1", port }),
		).rejects.toMatchObject({
			code: "UDP_PORT_TAKEN",
			message: expect.stringContaining(`(pid ${process.pid})`),
		});
		rival.close();
		await once(rival, "close");
		await expect(
			requireFreeUdpPort({ address: "127.0.0.1", port }),
		).resolves.toBeUndefined();
		await expect(
			requireFreeUdpPort({ address: "192.0.2.77", port }),
		).rejects.toMatchObject({ code: "UDP_ADDRESS_UNAVAILABLE" });
	});
});

describe("the server's TCP port", () => {
	async function listenOn(host: string): Promise<{
		port: number;
		close: () => void;
	}> {
		const server = createServer();
		server.listen(0, host);
		await once(server, "listening");
		const address = server.address();
		if (address === null || typeof address === "string")
			throw new Error("no port");
		return { port: address.port, close: () => server.close() };
	}
	const check = (port: number, interfaces: readonly string[] = []) =>
		refuseTcpListener(
			{ listen: { address: "", port }, interfaces: [...interfaces] },
			[],
		);

	it("is refused where a program listens that would be shadowed, by name and pid", async () => {
		for (const host of ["0.0.0.0", "::"]) {
			const { port, close } = await listenOn(host);
			expect(() => check(port), host).toThrow(
				expect.objectContaining({
					code: "TCP_PORT_TAKEN",
					message: expect.stringContaining(`(pid ${process.pid})`),
				}),
			);
			close();
		}
	});

	it("may be one on which a program listens for this host alone", async () => {
		for (const host of ["127.0.0.1", "127.9.9.9", "::1"]) {
			const { port, close } = await listenOn(host);
			expect(() => check(port), host).not.toThrow();
			close();
		}
	});

	it.runIf(endianness() === "LE")(
		"tells an address that ends in 127 from the loopback's",
		() => {
			const [row] = parseSocketTable(
				"head\n 0: 7F0200C0:11D7 00000000:0000 0A 0:0 0:0 0 0 0 77 1",
				"tcp",
				4,
			);
			expect(row).toMatchObject({ port: 4_567, isListening: true });
			expect(row && isLoopback(row)).toBe(false);
		},
	);
});
