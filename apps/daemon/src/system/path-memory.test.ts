import { describe, expect, it } from "vitest";
import type { Link } from "./links.js";
import type { NetworkPath } from "./network-path.js";
import { PathMemory } from "./path-memory.js";
import type { PeerRoute } from "./peer-route.js";

const PEER = "203.0.113.9";

function hostWith(...addresses: readonly string[]): Link {
	return {
		index: 2,
		name: "eth0",
		linkMtuBytes: 1_500,
		isUp: true,
		isLoopback: false,
		isOurTun: false,
		kind: "",
		identity: "2/",
		addresses: addresses.map((address) => ({
			family: 4,
			address,
			isGlobal: true,
			isTemporary: false,
		})),
	};
}

function path(
	way: Partial<PeerRoute> | null,
	...addresses: readonly string[]
): NetworkPath {
	const route = {
		device: "eth0",
		gateway: "192.0.2.1",
		source: addresses[0] ?? null,
		routeMtuBytes: null,
		...way,
	};
	return {
		interfaces: { ipv4: ["eth0"], ipv6: [] },
		linkMtuBytes: 1_500,
		notices: [],
		routes: new Map([[PEER, way === null ? null : route]]),
		ownAddresses: [],
		links: [hostWith(...addresses)],
	};
}

/** What each look after the first one says. */
function looks(...paths: readonly NetworkPath[]) {
	const memory = new PathMemory();
	return paths.map((each) => memory.look(each)).slice(1);
}

const NOTHING = { notices: [], renewed: [] };

describe("the way to a server", () => {
	it("that stays needs nothing", () => {
		expect(looks(path({}, "192.0.2.5"), path({}, "192.0.2.5"))).toEqual([
			NOTHING,
		]);
	});

	it("by another interface or gateway makes its flows begin anew", () => {
		const [moved, again] = looks(
			path({}, "192.0.2.5"),
			path({ device: "wlan0" }, "192.0.2.5"),
			path({ device: "wlan0", gateway: "192.0.2.254" }, "192.0.2.5"),
		);
		expect(moved).toEqual({
			notices: [
				"The way to 203.0.113.9 changed: by wlan0 via 192.0.2.1 from 192.0.2.5, before by eth0 via 192.0.2.1 from 192.0.2.5; its flows begin anew.",
			],
			renewed: [PEER],
		});
		expect(again?.renewed).toEqual([PEER]);
	});

	it("that is gone and comes back makes them begin anew when it is back", () => {
		const [gone, back] = looks(
			path({}, "192.0.2.5"),
			path(null),
			path({}, "192.0.2.5"),
		);
		expect(gone).toEqual(NOTHING);
		expect(back?.renewed).toEqual([PEER]);
	});

	it("from another address leaves flows alone as long as the old one is there, however often it changes", () => {
		const [second, third, lost] = looks(
			path({}, "192.0.2.5"),
			path({}, "192.0.2.6", "192.0.2.5"),
			path({}, "192.0.2.7", "192.0.2.5"),
			path({}, "192.0.2.7"),
		);
		expect(second).toEqual(NOTHING);
		expect(third).toEqual(NOTHING);
		expect(lost).toEqual({
			notices: [
				"The address 192.0.2.5 of eth0 is gone, it is 192.0.2.7 now: flows to 203.0.113.9 begin anew.",
			],
			renewed: [PEER],
		});
	});
});

it("a server says which of its addresses are gone and which are new", () => {
	const server = (...ownAddresses: readonly string[]): NetworkPath => ({
		...path({}),
		routes: new Map(),
		ownAddresses,
	});
	const [changed, more] = looks(
		server("192.0.2.5"),
		server("192.0.2.6"),
		server("192.0.2.6", "192.0.2.7"),
	);
	expect(changed?.notices).toEqual([
		expect.stringContaining("192.0.2.5 is gone, 192.0.2.6 is new; clients"),
	]);
	expect(more?.notices).toEqual([
		"This host's addresses changed: 192.0.2.7 is new; clients may use it too.",
	]);
});
