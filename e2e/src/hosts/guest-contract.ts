// The contract of a good guest, walked through on one host: start, work (or say why and how), stop, crash, and no trace.

import { expect } from "vitest";
import { type Lab, withLab } from "../netlab/lab.js";
import type { LabProcess } from "../netlab/lab-process.js";
import {
	type HostSnapshot,
	residueBetween,
	snapshotHost,
} from "../netlab/residue.js";
import type { Family, TunnelEnd } from "../netlab/tunnel-options.js";
import { ours } from "../netlab/tunscope-tunnel.js";
import {
	type Pairing,
	placesIn,
	startClientIn,
	startServerIn,
	startTunnel,
	type TunnelInLab,
} from "../tunnel/tunnel-in-lab.js";
import { type Conversation, startConversation } from "./conversation.js";
import {
	type ExpectedFix,
	type HostKind,
	placeOf,
	type Role,
} from "./host-kind.js";
import { applyFix, printedFix } from "./printed-fix.js";

/** The limit for SIGTERM. */
const STOP_LIMIT_MS = 2_000;
/** A start with traffic waiting for it: the handshake's own repetitions are in it. */
const CARRY_LIMIT_MS = 6_000;
/** How long a daemon may take to see that packets of its own are dropped, and to say so. */
const FIX_LIMIT_MS = 6_000;

export interface GuestOptions {
	readonly kind: HostKind;
	readonly role: Role;
	/** For the tested side only. */
	readonly extraArguments?: readonly string[];
	/** Looks closer once the tunnel works, in both rounds. */
	readonly whileRunning?: (lab: Lab) => Promise<void>;
}

/** @throws AssertionError or DeadlineError where the contract is broken. */
export async function expectGoodGuest(options: GuestOptions): Promise<void> {
	await withLab({ shape: "with-router", referee: "off" }, async (lab) => {
		const place = placeOf(lab, options.role);
		await options.kind.make(place);
		const guest = new Guest(lab, options);
		const untouched = await guest.snapshots();
		await guest.startWorkAndStop(4);
		// What a fix has added belongs to the host's owner now: it stays, and nothing else does.
		const settled = await guest.snapshots();
		expect(guest.residue(untouched, settled)).toEqual(guest.fixLines);
		await guest.startCrashRestartAndStop(6);
		expect(guest.residue(settled, await guest.snapshots())).toEqual([]);
	});
}

class Guest {
	/** What the printed fix added to the tested host, in the words of `residueBetween`. */
	fixLines: readonly string[] = [];
	readonly #lab: Lab;
	readonly #options: GuestOptions;

	constructor(lab: Lab, options: GuestOptions) {
		this.#lab = lab;
		this.#options = options;
	}

	/** The tested host's first. */
	snapshots(): Promise<readonly HostSnapshot[]> {
		const { role } = this.#options;
		const other = role === "client" ? "server" : "client";
		const hosts = [this.#lab[role], this.#lab[other]];
		return Promise.all(hosts.map(({ namespace }) => snapshotHost(namespace)));
	}

	residue(
		before: readonly HostSnapshot[],
		after: readonly HostSnapshot[],
	): string[] {
		return before.flatMap((host, index) =>
			residueBetween(host, after[index] ?? {}).map((line) =>
				index === 0 ? line : `the plain host: ${line}`,
			),
		);
	}

	async startWorkAndStop(family: Family): Promise<void> {
		await this.#withTunnel(family, async (tunnel, conversation) => {
			const tested = tunnel[this.#options.role].process;
			const expected = this.#options.kind.fix[this.#options.role];
			if (expected === null) await this.#expectWorking(conversation, tested);
			else await this.#expectFixable(conversation, tested, expected);
			await this.#options.whileRunning?.(this.#lab);
		});
	}

	async startCrashRestartAndStop(family: Family): Promise<void> {
		await this.#withTunnel(family, async (tunnel, conversation) => {
			const { role } = this.#options;
			await this.#expectWorking(conversation, tunnel[role].process);
			await tunnel[role].process.stop("SIGKILL");
			const restarted = await this.#startTested(family);
			await this.#expectWorking(conversation, restarted.process);
			await this.#options.whileRunning?.(this.#lab);
			await stopInTime(restarted.process);
		});
	}

	/** Both ends up and a flow talking; all of it stopped again, each daemon within the limit. */
	async #withTunnel(
		family: Family,
		body: (tunnel: TunnelInLab, conversation: Conversation) => Promise<void>,
	): Promise<void> {
		const places = placesIn(this.#lab, family);
		const starting = startConversation(places);
		const tunnel = await startTunnel(this.#lab, this.#pairing(family));
		const conversation = await starting;
		await body(tunnel, conversation);
		await stopInTime(tunnel.client.process);
		await stopInTime(tunnel.server.process);
		await conversation.end();
	}

	#pairing(family: Family): Pairing {
		const { role, extraArguments = [] } = this.#options;
		return {
			client: ours,
			server: ours,
			family,
			...(role === "client"
				? { clientArguments: extraArguments }
				: { serverArguments: extraArguments }),
		};
	}

	#startTested(family: Family): Promise<TunnelEnd> {
		const start =
			this.#options.role === "client" ? startClientIn : startServerIn;
		return start(this.#lab, this.#pairing(family));
	}

	async #expectWorking(
		conversation: Conversation,
		tested: LabProcess,
	): Promise<void> {
		await conversation.carries(CARRY_LIMIT_MS).catch((error: unknown) => {
			throw new Error(`the tunnel does not carry; it said:\n${said(tested)}`, {
				cause: error,
			});
		});
	}

	async #expectFixable(
		conversation: Conversation,
		tested: LabProcess,
		expected: ExpectedFix,
	): Promise<void> {
		const fix = await printedFix(tested, FIX_LIMIT_MS);
		expect(fix.sentence).toMatch(expected.cause);
		expect(fix.commands).toEqual(expected.commands);
		expect(conversation.echoed(), "it works before the fix").toBe(0);
		const { namespace } = this.#lab[this.#options.role];
		const before = await snapshotHost(namespace);
		await applyFix(namespace, fix);
		this.fixLines = residueBetween(before, await snapshotHost(namespace));
		await this.#expectWorking(conversation, tested);
	}
}

async function stopInTime(running: LabProcess): Promise<void> {
	const past = running.outcome();
	if (past?.signal === "SIGKILL") return;
	const startedMs = performance.now();
	const outcome = await running.stop();
	expect(outcome, running.stderr()).toMatchObject({ code: 0, signal: null });
	expect(performance.now() - startedMs).toBeLessThan(STOP_LIMIT_MS);
}

function said(running: LabProcess): string {
	return `${running.stdout()}${running.stderr()}`.slice(-4_000);
}
