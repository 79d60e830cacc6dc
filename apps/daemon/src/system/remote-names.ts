// The remote's name over time: asked again by age and when nobody answers; its new addresses are handed on, the old ones kept for a while.

import { isIP } from "node:net";
import type { ResolvedAddress } from "../tunnel/worker-protocol.js";

/** Dynamic names have TTLs of one to five minutes, and the system's resolver does not tell them. */
const MAX_AGE_MS = 5 * 60_000;
/** Between two questions, however often handshakes fail. */
const LEAST_INTERVAL_MS = 3_000;
/** Addresses that the name no longer leads to: flows to them may live on. */
const MAX_RETIRED = 8;

export interface RemoteNamesOptions {
	/** As configured; a literal address is never asked about. */
	readonly host: string;
	/** What was found at the start. */
	readonly remotes: readonly ResolvedAddress[];
	/** Asks the resolver. Rejects when the name does not resolve now. */
	readonly find: () => Promise<readonly ResolvedAddress[]>;
	/** Rules and forwarding for these, new ones first; settles when they are in force. */
	readonly prepare: (all: readonly ResolvedAddress[]) => Promise<void>;
	/** The addresses to be used from now on. */
	readonly onChange: (remotes: readonly ResolvedAddress[]) => void;
	readonly onNotice: (message: string) => void;
	readonly nowMs: () => number;
}

export class RemoteNames {
	readonly #options: RemoteNamesOptions;
	readonly #isName: boolean;
	#remotes: readonly ResolvedAddress[];
	#retired: readonly ResolvedAddress[] = [];
	#askedAtMs: number;
	#isAsking = false;
	#isFailing = false;
	#timer: NodeJS.Timeout | null = null;

	constructor(options: RemoteNamesOptions) {
		this.#options = options;
		this.#isName = isIP(options.host) === 0;
		this.#remotes = options.remotes;
		this.#askedAtMs = options.nowMs();
	}

	/** Those in use now. */
	get remotes(): readonly ResolvedAddress[] {
		return this.#remotes;
	}

	/** Idempotent. */
	start(): void {
		if (!this.#isName || this.#timer !== null) return;
		this.#timer = setInterval(() => void this.#ask(), MAX_AGE_MS);
	}

	/** Idempotent. */
	stop(): void {
		if (this.#timer !== null) clearInterval(this.#timer);
		this.#timer = null;
	}

	/** Nobody answers, or the network is another one: the name may lead elsewhere. Settles when that is known. */
	async askAgain(): Promise<void> {
		const { nowMs } = this.#options;
		const isDue = nowMs() - this.#askedAtMs >= LEAST_INTERVAL_MS;
		if (this.#isName && this.#timer !== null && isDue) await this.#ask();
	}

	async #ask(): Promise<void> {
		if (this.#isAsking) return;
		this.#isAsking = true;
		const { host, find, nowMs, onNotice } = this.#options;
		this.#askedAtMs = nowMs();
		try {
			const found = await find();
			this.#isFailing = false;
			if (!isSameSet(found, this.#remotes)) await this.#change(found);
		} catch (error) {
			// Said once, not at every question of a long outage.
			if (!this.#isFailing)
				onNotice(
					`The name ${host} cannot be looked up now, ${textOf(this.#remotes)} stays in use: ${error instanceof Error ? error.message : String(error)}`,
				);
			this.#isFailing = true;
		} finally {
			this.#isAsking = false;
		}
	}

	async #change(found: readonly ResolvedAddress[]): Promise<void> {
		const { host, onChange, onNotice, prepare } = this.#options;
		const before = this.#remotes;
		const leaving = [...before, ...this.#retired].filter(
			(remote) => !isAmong(remote, found),
		);
		const retired = leaving.slice(0, MAX_RETIRED);
		// Rules first: a segment of a new flow must not meet a host that does not know it.
		await prepare([...found, ...retired]);
		if (this.#timer === null) return;
		this.#retired = retired;
		this.#remotes = found;
		onNotice(
			`The name ${host} leads to ${textOf(found)} now, before to ${textOf(before)}: new flows go there.`,
		);
		onChange(found);
	}
}

function isAmong(
	{ address }: ResolvedAddress,
	list: readonly ResolvedAddress[],
): boolean {
	return list.some((other) => other.address === address);
}

/** A resolver gives the same addresses in changing order. */
function isSameSet(
	one: readonly ResolvedAddress[],
	other: readonly ResolvedAddress[],
): boolean {
	return (
		one.length === other.length && one.every((remote) => isAmong(remote, other))
	);
}

function textOf(remotes: readonly ResolvedAddress[]): string {
	return remotes.map(({ address }) => address).join(", ");
}
