import { describe, expect, it } from "vitest";
import { checkRemotes } from "./preflight-routes.js";
import type { RunCommand } from "./run-command.js";
import { SystemError } from "./system-error.js";

const LINKS = [
	{
		ifindex: 2,
		ifname: "eth0",
		mtu: 1_500,
		flags: ["UP"],
		addr_info: [{ family: "inet", local: "192.168.1.7", scope: "global" }],
	},
	{
		ifindex: 3,
		ifname: "wg0",
		mtu: 1_420,
		flags: ["UP"],
		linkinfo: { info_kind: "wireguard" },
	},
	{ ifindex: 4, ifname: "tun3", mtu: 1_500, flags: ["UP"], group: "29779" },
];
const MAIN = [
	{ dst: "default", dev: "wg0" },
	{ dst: "default", dev: "eth0", gateway: "192.168.1.1" },
	{ dst: "10.0.0.0/8", dev: "eth0", gateway: "192.168.1.9" },
];
const CONFIG = {
	role: "client",
	listen: { address: "127.0.0.1", port: 51_821 },
	remote: { host: "vpn.example.net", port: 4_567 },
} as const;
const SERVER = { family: 4, address: "203.0.113.9", port: 4_567 } as const;

interface Host {
	/** Device of the route to each address. */
	readonly devices: Readonly<Record<string, string>>;
	/** What `wg show wg0 endpoints` prints; null when there is no `wg`. */
	readonly endpoints: string | null;
}

function runOn({ devices, endpoints }: Host): RunCommand {
	const refused = (code: "COMMAND_FAILED" | "COMMAND_MISSING") =>
		Promise.reject(new SystemError({ code, message: "", whatToDo: "" }));
	const answer = (stdout: string) => Promise.resolve({ stdout, stderr: "" });
	return (program, words) => {
		if (program === "wg")
			return endpoints === null
				? refused("COMMAND_MISSING")
				: answer(endpoints);
		if (words.includes("address")) return answer(JSON.stringify(LINKS));
		if (words.includes("main")) return answer(JSON.stringify(MAIN));
		const device = devices[words.at(-1) ?? ""];
		return device === undefined
			? refused("COMMAND_FAILED")
			: answer(JSON.stringify([{ dst: words.at(-1), dev: device }]));
	};
}

describe("the way to the server", () => {
	it("packet case 61: it must not lead into a WireGuard device whose endpoint is this tunnel", async () => {
		const run = runOn({
			devices: { "203.0.113.9": "wg0" },
			endpoints: "key=\t127.0.0.1:51821\n",
		});
		await expect(checkRemotes(run, CONFIG, [SERVER])).rejects.toMatchObject({
			code: "ROUTE_LOOP",
			message: expect.stringContaining("the WireGuard device wg0"),
			whatToDo: expect.stringMatching(
				/ip route add 203\.0\.113\.9\/32 via 192\.168\.1\.1 dev eth0$/,
			),
		});
	});

	it("takes the closest of the other routes for the exception", async () => {
		const run = runOn({ devices: { "10.1.2.3": "tun3" }, endpoints: null });
		await expect(
			checkRemotes(run, CONFIG, [{ ...SERVER, address: "10.1.2.3" }]),
		).rejects.toMatchObject({
			message: expect.stringContaining("tunscope's own TUN tun3"),
			whatToDo: expect.stringMatching(
				/ip route add 10\.1\.2\.3\/32 via 192\.168\.1\.9 dev eth0$/,
			),
		});
	});

	it("may lead through another WireGuard tunnel", async () => {
		for (const endpoints of [
			null,
			"key=\t198.51.100.1:51821\n",
			"key=\t(none)\n",
		]) {
			const run = runOn({ devices: { "203.0.113.9": "wg0" }, endpoints });
			await expect(checkRemotes(run, CONFIG, [SERVER])).resolves.toEqual([
				SERVER,
			]);
		}
	});

	it("must exist for one address at least; those without one come last", async () => {
		const run = runOn({ devices: { "203.0.113.9": "eth0" }, endpoints: null });
		const server6 = { family: 6, address: "2001:db8::9", port: 4_567 } as const;
		await expect(checkRemotes(run, CONFIG, [server6, SERVER])).resolves.toEqual(
			[SERVER, server6],
		);
		await expect(checkRemotes(run, CONFIG, [server6])).rejects.toMatchObject({
			code: "REMOTE_NOT_ROUTED",
			message:
				"This host has no route to the server vpn.example.net (2001:db8::9).",
		});
	});
});
