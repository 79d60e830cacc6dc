import { TUN_ADDRESS_DEFAULTS, TUNNEL_DEFAULTS } from "@tunscope/shared";
import { expect, it } from "vitest";
import { createCounterMemory } from "../tunnel/counter-layout.js";
import { readCounterSample } from "../tunnel/counter-sample.js";
import { LiveViewFeed } from "./live-view-feed.js";

it("shows beside the server's name the address that answered last", () => {
	const feed = new LiveViewFeed(
		{
			name: "client_1",
			role: "client",
			listen: { address: "127.0.0.1", port: 9_001 },
			remote: { host: "vpn.example", port: 4_567 },
			tun: { name: "tun0", ...TUN_ADDRESS_DEFAULTS.client },
			ipv4Only: false,
			interfaces: [],
			...TUNNEL_DEFAULTS,
		},
		[{ family: 4, address: "192.0.2.1", port: 4_567 }],
	);
	const sample = readCounterSample(new Float64Array(createCounterMemory()), 0);
	const title = () =>
		feed
			.render(
				{ sample, flows: [], state: "running", nowMs: 0 },
				{ columns: 100, rows: 30, hasColour: false },
			)
			.split("\n")[0];
	expect(title()).toContain("127.0.0.1:9001 → vpn.example:4567 ");
	const opened = { kind: "flow-opened", slot: 0, localPort: 7 } as const;
	feed.take({ ...opened, peer: "192.0.2.1:4567" });
	expect(title()).toContain("vpn.example:4567 (192.0.2.1:4567)");
	feed.take({ ...opened, peer: "[2001:db8::1]:4567" });
	expect(title()).toContain("vpn.example:4567 ([2001:db8::1]:4567)");
});
