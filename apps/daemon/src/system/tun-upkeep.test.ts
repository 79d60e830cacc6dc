import { describe, expect, it } from "vitest";
import type { Link, LinkAddress } from "./links.js";
import { TunUpkeep } from "./tun-upkeep.js";

const LOCAL4 = "192.168.200.1";
const LOCAL6 = "fcc8::1";

function tun(
	change: Partial<Link> & { readonly has?: readonly string[] } = {},
) {
	const { has = [LOCAL4, LOCAL6], ...rest } = change;
	return {
		index: 5,
		name: "tun0",
		linkMtuBytes: 1_500,
		isUp: true,
		isLoopback: false,
		isOurTun: true,
		kind: "tun",
		identity: "5/",
		addresses: has.map(
			(address): LinkAddress => ({
				family: address === LOCAL6 ? 6 : 4,
				address,
				isGlobal: true,
				isTemporary: false,
			}),
		),
		...rest,
	};
}

async function rig(local6 = LOCAL6) {
	const commands: string[] = [];
	const notices: string[] = [];
	const state = { commands, notices, nowMs: 0 };
	const upkeep = new TunUpkeep({
		run: async (program, words) => {
			state.commands.push([program, ...words].join(" "));
			return { stdout: "", stderr: "" };
		},
		onNotice: (message) => state.notices.push(message),
		planOf: (tunName, linkMtuBytes) => ({
			tunName,
			local4: LOCAL4,
			peer4: "192.168.200.2",
			ipv6: { local: local6, peer: "fcc8::2" },
			linkMtuBytes: Math.max(1_500, linkMtuBytes),
		}),
		nowMs: () => state.nowMs,
	});
	await upkeep.configure("tun0", 1_500);
	state.commands.length = 0;
	return { upkeep, state };
}

describe("the upkeep of the TUN", () => {
	it("leaves a TUN alone that is as it was made, or down", async () => {
		const { upkeep, state } = await rig("fcc8:0::1");
		await upkeep.tend(tun(), 1_500);
		await upkeep.tend(tun({ isUp: false, has: [] }), 1_500);
		expect(state).toMatchObject({ commands: [], notices: [] });
	});

	it("gives lost addresses back, and complains once a minute about whoever takes them", async () => {
		const { upkeep, state } = await rig();
		await upkeep.tend(tun({ has: [LOCAL6] }), 1_500);
		await upkeep.tend(tun({ has: [LOCAL6] }), 1_500);
		expect(
			state.commands.filter((line) => line.includes(`replace ${LOCAL4}`)),
		).toHaveLength(2);
		expect(state.notices).toHaveLength(1);
		state.nowMs = 60_000;
		await upkeep.tend(tun({ has: [LOCAL6] }), 1_500);
		expect(state.notices).toHaveLength(2);
	});

	it("follows a lower MTU that somebody sets, and never sets it back", async () => {
		const { upkeep, state } = await rig();
		await upkeep.tend(tun({ linkMtuBytes: 1_400 }), 1_500);
		expect(upkeep.limit(1_500)).toBe(1_400);
		expect(state.commands).toEqual([]);
		expect(state.notices).toEqual([
			expect.stringMatching(/was lowered to 1400.*tun0 mtu 1500\)\.$/),
		]);
		await upkeep.tend(tun({ linkMtuBytes: 1_500 }), 1_500);
		expect(upkeep.limit(1_500)).toBe(1_500);
		expect(state.notices[1]).toMatch(/is back at 1500/);
	});

	it("is not limited by a higher one", async () => {
		const { upkeep, state } = await rig();
		await upkeep.tend(tun({ linkMtuBytes: 4_000 }), 1_500);
		expect(upkeep.limit(1_500)).toBe(1_500);
		expect(state.notices).toEqual([expect.stringContaining("raised to 4000")]);
	});

	it("raises the TUN's MTU with the path's, where nobody else has set it", async () => {
		const { upkeep, state } = await rig();
		await upkeep.tend(tun(), 9_000);
		expect(state.commands.join("\n")).toContain("mtu 9000");
		expect(state.notices).toEqual([]);
		await upkeep.tend(tun({ linkMtuBytes: 9_000 }), 9_000);
		expect(state.notices).toEqual([]);
	});

	it("does without IPv6 below 1,280 octets, where the kernel does, and gives it back above", async () => {
		const { upkeep, state } = await rig();
		await upkeep.tend(tun({ linkMtuBytes: 1_000, has: [LOCAL4] }), 1_500);
		expect(state.commands).toEqual([]);
		await upkeep.tend(tun({ linkMtuBytes: 1_400, has: [LOCAL4] }), 1_500);
		expect(state.commands.join("\n")).toContain(`replace ${LOCAL6}`);
		expect(state.commands.join("\n")).toContain("mtu 1400");
	});
});
