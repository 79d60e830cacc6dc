import { InvalidArgumentError } from "commander";
import { describe, expect, it } from "vitest";
import {
	collectInterfaceName,
	parseCaptureBytes,
	parseCaptureSnapBytes,
	parseHostPort,
	parseIdleTimeoutMs,
	parseInterfaceName,
	parseIpv4,
	parseIpv6,
	parseLinkMtu,
	parseListenAddress,
	parseMaxFlows,
	parseOversize,
	parseServerPort,
} from "./flag-values.js";

function refuses(
	parse: (text: string) => unknown,
	texts: readonly string[],
): void {
	for (const text of texts)
		expect(() => parse(text), text).toThrow(InvalidArgumentError);
}

describe("flag values", () => {
	it("reads the size of a capture ring, at both limits, and off", () => {
		for (const [text, bytes] of [
			["off", null],
			["256KiB", 262_144],
			["262144", 262_144],
			["8M", 8_388_608],
			["8MiB", 8_388_608],
			["1GiB", 1_073_741_824],
		] as const)
			expect(parseCaptureBytes(text), text).toBe(bytes);
		refuses(parseCaptureBytes, [
			"",
			"on",
			"255KiB",
			"1073741825",
			"2GiB",
			"8MB",
			"8 MiB",
			"-1",
			"1e6",
		]);
		expect(parseCaptureSnapBytes("100")).toBe(100);
		expect(parseCaptureSnapBytes("65535")).toBe(65_535);
		refuses(parseCaptureSnapBytes, ["99", "65536", "all"]);
	});

	it("reads IPv4, bracketed IPv6 and names with a port", () => {
		expect(parseHostPort("192.0.2.1:1")).toEqual({
			host: "192.0.2.1",
			port: 1,
		});
		expect(parseHostPort("[2001:db8::1]:65535")).toEqual({
			host: "2001:db8::1",
			port: 65_535,
		});
		expect(parseHostPort("vpn.example.net:4567")).toEqual({
			host: "vpn.example.net",
			port: 4_567,
		});
	});

	it("refuses ports out of range, missing parts, bare IPv6 and malformed addresses", () => {
		refuses(parseHostPort, [
			"",
			":1",
			"host",
			"host:",
			"host:0",
			"host:65536",
			"host:1x",
			"host:-1",
			"2001:db8::1",
			"2001:db8::1:4567",
			"[2001:db8::1]",
			"[nonsense]:1",
			"[fe80::1%eth0]:1",
			"300.1.2.3:1",
			"1.2.3:1",
			"a b:1",
		]);
	});

	it("wants an address from a client's --local and a bare port from a server's, and says which", () => {
		expect(parseListenAddress("[::]:1234")).toEqual({
			host: "::",
			port: 1_234,
		});
		expect(() => parseListenAddress("1234")).toThrow(/127\.0\.0\.1:1234/);
		refuses(parseListenAddress, ["localhost:1234"]);
		expect(parseServerPort("4567")).toBe(4_567);
		expect(() => parseServerPort("0.0.0.0:4567")).toThrow(
			/bare port, like 4567/,
		);
		refuses(parseServerPort, ["0", "65536", "", "x"]);
	});

	it("reads idle timeouts in seconds or with a unit, from one second to one day", () => {
		expect(
			["180", "1", "1000ms", "90s", "3m", "1h", "1d"].map(parseIdleTimeoutMs),
		).toEqual([180_000, 1_000, 1_000, 90_000, 180_000, 3_600_000, 86_400_000]);
		refuses(parseIdleTimeoutMs, [
			"0",
			"999ms",
			"86401",
			"2d",
			"",
			"s",
			"1.5s",
			"1w",
			"-1",
		]);
	});

	it("reads the link MTU at its limits and refuses it one past them", () => {
		expect(["auto", "576", "65535"].map(parseLinkMtu)).toEqual([
			"auto",
			576,
			65_535,
		]);
		refuses(parseLinkMtu, ["575", "65536", "Auto", "1e3", ""]);
	});

	it("reads the flow limit at its limits and refuses it one past them", () => {
		expect(["1", "65536"].map(parseMaxFlows)).toEqual([1, 65_536]);
		refuses(parseMaxFlows, ["0", "65537"]);
	});

	it("reads both ways of --oversize", () => {
		expect(parseOversize("drop")).toBe("drop");
		expect(parseOversize("fragment")).toBe("fragment");
		refuses(parseOversize, ["cut"]);
	});

	it("tells IPv4 from IPv6", () => {
		expect(parseIpv4("192.168.200.1")).toBe("192.168.200.1");
		expect(parseIpv6("fcc8::1")).toBe("fcc8::1");
		refuses(parseIpv4, ["fcc8::1", "1.2.3", "1.2.3.4/24"]);
		refuses(parseIpv6, ["1.2.3.4", "fe80::1%eth0", "fcc8::1/64"]);
	});

	it("takes interface names once each", () => {
		expect(parseInterfaceName("eth0.100")).toBe("eth0.100");
		refuses(parseInterfaceName, ["", "a".repeat(16), 'e"0', "all"]);
		expect(collectInterfaceName("b", ["a"])).toEqual(["a", "b"]);
		expect(collectInterfaceName("a", ["a"])).toEqual(["a"]);
	});
});
