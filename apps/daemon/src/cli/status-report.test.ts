import {
	CONTROL_VERSION,
	type InstanceDescription,
	type TunnelDescription,
} from "@tunscope/shared";
import { describe, expect, it } from "vitest";
import { describedTunnel } from "../control/testing/described-tunnel.js";
import { statusLine } from "./status-line.js";
import { renderStatusReport } from "./status-report.js";

const SCREEN = { columns: 80, hasColour: false };

function instanceOf(
	...tunnels: readonly TunnelDescription[]
): InstanceDescription {
	return {
		version: CONTROL_VERSION,
		kind: "status",
		pid: 77,
		tunscope: "1.2.3",
		uptimeMs: 1,
		tunnels: [...tunnels],
	};
}

describe("status report", () => {
	it("is a table, the state in words last, with everything below", () => {
		const text = renderStatusReport(
			[
				instanceOf(
					describedTunnel({
						drops: [
							{
								reason: "oversize-datagram",
								count: 1_200,
								meaning: "Too big.",
							},
							{ reason: "not-tcp", count: 3, meaning: "Another protocol." },
						],
						lastNotice: { level: "warn", text: "Look here.", msAgo: 12_000 },
					}),
				),
			],
			false,
			SCREEN,
		);
		expect(text.split("\n")).toEqual([
			"NAME          ROLE    FLOWS         SENT  RECEIVED     HEARD  DROPS  STATE",
			"client_51821  client      2  1.23 Mbit/s   0 bit/s  0.2s ago  1,203  connected",
			"",
			"client_51821  127.0.0.1:51821 → vpn.example.net:4567 ([2001:db8::2]:4567)",
			"  state        connected; running for 3m 12s (process 77)",
			"  TUN          tun0, 192.168.200.1 – 192.168.200.2, fcc8::1 – fcc8::2",
			"  link MTU     ours 1500 B, the peer's 1420 B; largest payload 1360 B",
			"  flows        2 open, 1 half-open; last heard 0.2s ago",
			"  path         round trip 32 ms, at best 24 ms; inbound loss 0.3 %, out of order 0 %",
			"  sent         1.23 Mbit/s, 1.00 k datagrams/s; in all 1,234,567 datagrams, 1.50 MB",
			"  received     0 bit/s, 0 datagrams/s; in all 0 datagrams, 0 B",
			"  host set-up  rules, forwarding and addresses are in place",
			"  drops        1,200 oversize-datagram: Too big.",
			"               3 not-tcp: Another protocol.",
			"  last notice  12s ago: Look here.",
			"",
		]);
	});

	it("says what is not known, instead of a number", () => {
		const text = renderStatusReport(
			[
				instanceOf(
					describedTunnel({
						state: "waiting",
						stateInWords: "could not start: waiting to try again",
						remote: { configured: "h:1", addresses: [], inUse: null },
						tun: { ...describedTunnel().tun, name: null, local6: null },
						linkMtu: { oursBytes: null, peersBytes: null },
						maxPayloadBytes: null,
						path: {
							roundTrip: null,
							inbound: null,
							mtuBytes: null,
							silentFlows: 0,
						},
						lastInboundMsAgo: null,
						hostSetup: { mode: "auto", state: "not-yet" },
					}),
				),
			],
			false,
			SCREEN,
		);
		for (const words of [
			"could not start: waiting to try again; waiting for 3m 12s",
			"127.0.0.1:51821 → h:1\n",
			"TUN          not open",
			"link MTU     not known yet",
			"last heard never",
			"path         round trip not measured; inbound loss not measured",
			"host set-up  not made yet",
			"drops        none",
		])
			expect(text).toContain(words);
		expect(text).not.toMatch(/null|undefined|NaN/);
	});

	it("gives details of up to three tunnels, or of those that were named", () => {
		const many = ["a", "b", "c", "d"].map((name) => describedTunnel({ name }));
		const lines = (count: number, areNamed: boolean) =>
			renderStatusReport(
				[instanceOf(...many.slice(0, count))],
				areNamed,
				SCREEN,
			)
				.trimEnd()
				.split("\n").length;
		expect(lines(3, false)).toBeGreaterThan(20);
		expect(lines(4, false)).toBe(5);
		expect(lines(4, true)).toBeGreaterThan(30);
	});

	it("cuts nothing on a narrow terminal, wraps sentences, and colours only when asked", () => {
		const meaning = "one two three four five six seven eight nine ten eleven";
		const words = "vpn.example.net:4567 refuses datagrams: is it running?";
		const instance = instanceOf(
			describedTunnel({
				health: "bad",
				stateInWords: words,
				drops: [{ reason: "not-tcp", count: 1, meaning }],
			}),
		);
		const narrow = { columns: 50, hasColour: false };
		const text = renderStatusReport([instance], false, narrow);
		expect(text).toContain(`  ${words}\n`);
		expect(text.replace(/\s+/g, " ")).toContain(meaning);
		expect(text).not.toContain("\u001b");
		const coloured = { ...SCREEN, hasColour: true };
		expect(renderStatusReport([instance], false, coloured)).toContain(
			`\u001b[31m${words}`,
		);
	});

	it("names the file that `up` reads", () => {
		const configFile = {
			path: "/etc/tunscope/tunscope.yaml",
			fingerprints: {},
		};
		const instance = { ...instanceOf(describedTunnel()), configFile };
		expect(renderStatusReport([instance], false, SCREEN)).toContain(
			"(process 77, /etc/tunscope/tunscope.yaml)",
		);
	});

	it("is one line per tunnel for the log", () => {
		expect(statusLine(describedTunnel())).toBe(
			"client_51821: connected, running for 3m 12s; 127.0.0.1:51821 → vpn.example.net:4567 ([2001:db8::2]:4567) by tun0; 2 flows open, 1 half-open; sent 1.23 Mbit/s, received 0 bit/s; last heard 0.2s ago; drops 0",
		);
	});
});
