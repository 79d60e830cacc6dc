import { describe, expect, it } from "vitest";
import type { HostSetup } from "../host-setup.js";
import { SystemError } from "../system-error.js";
import { ForeignFirewall } from "./foreign-firewall.js";
import { GuardedHost } from "./guarded-host.js";
import { CLIENT_PLACE } from "./testing/tunnel-places.js";

const FORBIDDEN = new SystemError({
	code: "COMMAND_FAILED",
	message: "`nft -j list ruleset` failed: Operation not permitted",
	whatToDo: "",
});

const DROP = JSON.stringify({
	nftables: [
		{ table: { family: "inet", name: "fw", handle: 1 } },
		{
			chain: {
				family: "inet",
				table: "fw",
				name: "f",
				handle: 1,
				type: "filter",
				hook: "forward",
				prio: 0,
				policy: "drop",
			},
		},
	],
});

/** @param answer of `nft -j list ruleset`; an error makes every command of nft fail. */
function createGuarded(answer: string | SystemError, isAllowed: boolean) {
	const steps: string[] = [];
	const notices: string[] = [];
	const onNotice = (message: string) => notices.push(message);
	const host: Pick<
		HostSetup,
		"configureTun" | "refresh" | "checkForwarding" | "undo" | "place"
	> = {
		configureTun: () => Promise.resolve({ linkMtuBytes: 1_500 }),
		refresh: () => Promise.resolve(null),
		checkForwarding: () => Promise.resolve(),
		undo: () => {
			steps.push("host undone");
			return Promise.resolve();
		},
		place: () => CLIENT_PLACE,
	};
	const foreign = new ForeignFirewall({
		run: (program, words) => {
			const line = [program, ...words].join(" ");
			const isLook = line === "nft -j list ruleset";
			if (!isLook) steps.push(line);
			if (answer instanceof SystemError) return Promise.reject(answer);
			return Promise.resolve({ stdout: isLook ? answer : "{}", stderr: "" });
		},
		ownTable: "tunscope_test",
		isAllowed,
		record: (rows) => {
			steps.push(`${rows.length} on record`);
			return Promise.resolve();
		},
		onNotice,
	});
	const guarded = new GuardedHost({ host, foreign, isAllowed, onNotice });
	return { guarded, steps, notices };
}

const LIST = "nft -j -a list chain inet fw f";

describe("a host with an eye on other firewalls", () => {
	it("opens the way before the TUN is ready, on record first, and closes it before the rest is undone", async () => {
		const { guarded, steps } = createGuarded(DROP, true);
		await guarded.configureTun("tunc0");
		expect(steps).toEqual([
			"2 on record",
			LIST,
			LIST,
			expect.stringContaining('insert rule inet fw f iifname "tunc0"'),
			expect.stringContaining('insert rule inet fw f oifname "tunc0"'),
		]);
		steps.length = 0;
		await guarded.undo();
		expect(steps).toEqual([LIST, LIST, "host undone"]);
	});

	it("only advises when it may do no more", async () => {
		const { guarded, steps, notices } = createGuarded(DROP, false);
		await guarded.configureTun("tunc0");
		await guarded.undo();
		expect(steps).toEqual(["host undone"]);
		expect(notices).toEqual([expect.stringContaining("chain f of table inet")]);
	});

	it("says once that it cannot look, and lets the tunnel live and stop", async () => {
		const { guarded, steps, notices } = createGuarded(FORBIDDEN, true);
		await guarded.configureTun("tunc0");
		await guarded.refresh();
		guarded.handshakeFailed();
		await guarded.undo();
		expect(notices).toEqual([
			expect.stringContaining("could not be looked at: `nft -j list ruleset`"),
		]);
		expect(steps).toEqual(["host undone"]);
	});
});
