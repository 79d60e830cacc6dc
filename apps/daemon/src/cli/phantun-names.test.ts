import { describe, expect, it } from "vitest";
import { parseCommandLine } from "./command-line.js";

function parse(calledAs: string, line: string) {
	const words = line.split(" ").filter((word) => word !== "");
	return parseCommandLine(words, "1.2.3", calledAs);
}

const CLIENT = "--local 127.0.0.1:51821 --remote 192.0.2.1:4567";
const SERVER = "--local 4567 --remote 127.0.0.1:51820";

describe("under Phantun's names", () => {
	it.each([
		["/usr/local/bin/phantun_client", CLIENT, "client"],
		["./phantun_server", SERVER, "server"],
	])(
		"%s takes Phantun's flags without a sub-command, and leaves the host alone",
		(calledAs, line, role) => {
			const outcome = parse(calledAs, line);
			const [command] = [parse("/x/tunscope.js", `${role} ${line}`)];
			if (outcome.kind !== "run" || command?.kind !== "run")
				throw new Error("not understood");
			expect(command.config.hostSetup).toBe("auto");
			expect(outcome.config).toEqual({ ...command.config, hostSetup: "off" });
		},
	);

	it("keeps the TUN's addresses, which the host's own rules name", () => {
		expect(parse("phantun_client", CLIENT)).toMatchObject({
			isFixed: { tunName: false, ipv4: true, ipv6: true },
		});
	});

	it("sets the host up when told to, and knows our flags too", () => {
		const line = `${SERVER} --host-setup auto --max-flows 9 -4`;
		expect(parse("phantun_server", line)).toMatchObject({
			config: { hostSetup: "auto", maxFlows: 9, ipv4Only: true },
		});
	});

	it("prints its own help, with the default that holds there", () => {
		const outcome = parse("phantun_server", "--help");
		if (outcome.kind !== "text") throw new Error("no help");
		expect(outcome.text).toMatch(/^Usage: phantun_server \[options\]\n/);
		expect(outcome.text).toMatch(/--host-setup <mode>[\s\S]*?default: "off"/);
		expect(outcome.text).toContain("phantun_server --local 4567 --remote");
		expect(outcome.text).not.toContain("tunscope server");
		expect(parse("phantun_client", "--version")).toEqual({
			kind: "text",
			text: "tunscope 1.2.3\n",
		});
	});

	it("complains in its own name", () => {
		for (const [line, says] of [
			["", "--local"],
			["--local 127.0.0.1:1 --remote h:2 --tun-pear x", "--tun-peer"],
			[`client ${CLIENT}`, "phantun_client --help"],
		] as const) {
			expect(parse("phantun_client", line)).toMatchObject({
				kind: "usage-error",
				text: expect.stringContaining(says),
			});
		}
	});
});
