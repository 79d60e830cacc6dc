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
	/** Looks closer: while the tunnel works, in both rounds, and after the last stop. */
	readonly lookCloser?: (lab: Lab) => Promise<void>;
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
		const after = await guest.snapshots();
		expect(guest.residue(settled, after)).toEqual(guest.fixLines);
		await options.lookCloser?.(lab);
	});
}

class Guest {
	/** What the last round's printed fix added to the tested host, in the words of `residueBetween`. */
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
			await this.#expectContract(conversation, tested, family);
			await this.#options.lookCloser?.(this.#lab);
		});
	}

	async startCrashRestartAndStop(family: Family): Promise<void> {
		await this.#withTunnel(family, async (tunnel, conversation) => {
			const { role } = this.#options;
			const { process: tested } = tunnel[role];
			await this.#expectContract(conversation, tested, family);
			await tested.stop("SIGKILL");
			const restarted = await this.#startTested(family);
			await this.#expectWorking(conversation, restarted.process);
			await this.#options.lookCloser?.(this.#lab);
			await stopInTime(restarted.process);
		});
	}

	/** Both ends up and a flow talking; all of it stopped again, each daemon within the limit. */
	async #withTunnel(
		family: Family,
		body: (tunnel: TunnelInLab, conversation: Conversation) => Promise<void>,
	): Promise<void> {
		const [tunnel, conversation] = await Promise.all([
			startTunnel(this.#lab, this.#pairing(family)),
			startConversation(placesIn(this.#lab, family)),
		]);
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

	/** It works, or the daemon says what is in the way and how to change that, and then it works. */
	async #expectContract(
		conversation: Conversation,
		tested: LabProcess,
		family: Family,
	): Promise<void> {
		const expected = this.#options.kind.fix[this.#options.role];
		this.fixLines = [];
		if (expected !== null && expected.commands[family].length > 0)
			await this.#applyExpectedFix(tested, expected, family);
		await this.#expectWorking(conversation, tested);
	}

	async #applyExpectedFix(
		tested: LabProcess,
		{ cause, commands }: ExpectedFix,
		family: Family,
	): Promise<void> {
		const fix = await printedFix(tested, {
			commands: commands[family].length,
			deadlineMs: FIX_LIMIT_MS,
		});
		for (const sentence of fix.sentences) expect(sentence).toMatch(cause);
		expect(fix.commands).toEqual(commands[family]);
		const { namespace } = this.#lab[this.#options.role];
		const before = await snapshotHost(namespace);
		await applyFix(namespace, fix);
		const after = await snapshotHost(namespace);
		this.fixLines = residueBetween(rulesOf(before), rulesOf(after));
	}
}

/** Queues and helpers of a host under traffic change by themselves; what a fix changes is the ruleset. */
function rulesOf(host: HostSnapshot): HostSnapshot {
	return { "nft ruleset": host["nft ruleset"] ?? [] };
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
