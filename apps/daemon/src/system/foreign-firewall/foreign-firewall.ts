// One tunnel's watch on the firewalls of others: says which chain stops it and what helps; opens it itself when allowed.

import { isDeepStrictEqual } from "node:util";
import type { RunCommand } from "../run-command.js";
import { SystemError } from "../system-error.js";
import type { Decider } from "./evaluate.js";
import { brandOf } from "./firewall-brand.js";
import {
	addForeignRule,
	type ForeignRuleRow,
	foreignRulesOf,
	removeForeignRule,
} from "./foreign-rule.js";
import { readHostRuleset } from "./host-ruleset.js";
import { chainName, describeObstacle } from "./obstacle-notice.js";
import { findObstacles, type Obstacle } from "./obstacles.js";
import { findRemedy, type Remedy } from "./remedy.js";
import { type Chain, chainKey, type Ruleset } from "./ruleset.js";
import type { TunnelPlace } from "./tunnel-packet.js";

export interface ForeignFirewallOptions {
	readonly run: RunCommand;
	/** This instance's nft table; also the comment of its rules elsewhere. */
	readonly ownTable: string;
	/** --allow-foreign-firewall */
	readonly isAllowed: boolean;
	/** Puts the rules on record, all that are to be removed one day; called before any of them exists. */
	readonly record: (rows: readonly ForeignRuleRow[]) => Promise<void>;
	readonly onNotice: (message: string) => void;
}

/** Priority of the server's own redirection, "dstnat" (firewall-rules.ts). */
const OWN_NAT_PRIORITY = -100;
/** A look costs some 10 ms of processor time, on a host with thousands of rules a hundred times that. */
const LOOK_INTERVAL_MS = 30_000;
/** A look may take this part of the time between two. */
const LOOK_SHARE = 1 / 200;
const PROOF_INTERVAL_MS = 60_000;

export class ForeignFirewall {
	readonly #options: ForeignFirewallOptions;
	readonly #rows: ForeignRuleRow[] = [];
	/** What the rules that stop us had counted when they were first seen, by rule. */
	readonly #baseline = new Map<string, number>();
	#said = new Set<string>();
	readonly #saidUnread = new Set<string>();
	#nextLookAtMs = 0;
	#nextProofAtMs = 0;

	constructor(options: ForeignFirewallOptions) {
		this.#options = options;
	}

	/** Evaluates the ruleset as it is now; says what is new since the last time. @throws SystemError */
	async look(place: TunnelPlace): Promise<void> {
		const startedMs = performance.now();
		const ruleset = await readHostRuleset(this.#options.run);
		let obstacles = this.#findObstacles(ruleset, place);
		if (this.#options.isAllowed && obstacles.some(mayBeOpened)) {
			await this.#open(obstacles.filter(mayBeOpened), place, ruleset);
			obstacles = this.#findObstacles(
				await readHostRuleset(this.#options.run),
				place,
			);
		}
		this.#report(obstacles, place, ruleset);
		this.#reportUnread(ruleset.unread);
		const endedMs = performance.now();
		const pauseMs = Math.max(
			LOOK_INTERVAL_MS,
			(endedMs - startedMs) / LOOK_SHARE,
		);
		this.#nextLookAtMs = endedMs + pauseMs;
	}

	/** The same, unless the last look was a short time ago. */
	async lookAgain(place: TunnelPlace): Promise<void> {
		if (performance.now() >= this.#nextLookAtMs) await this.look(place);
	}

	/** A handshake got no answer: looks at once, and at the counters of what may have stopped it. */
	async handshakeFailed(place: TunnelPlace): Promise<void> {
		const nowMs = performance.now();
		if (nowMs < this.#nextProofAtMs) return;
		this.#nextProofAtMs = nowMs + PROOF_INTERVAL_MS;
		this.#said = new Set();
		await this.look(place);
	}

	/** Removes every rule that was added. Idempotent. */
	async close(): Promise<void> {
		for (const row of this.#rows.splice(0))
			await removeForeignRule(this.#options.run, row);
	}

	#findObstacles(ruleset: Ruleset, place: TunnelPlace): readonly Obstacle[] {
		const own = {
			name: this.#options.ownTable,
			natPriority: OWN_NAT_PRIORITY,
		};
		return findObstacles(ruleset, place, own);
	}

	async #open(
		obstacles: readonly Obstacle[],
		place: TunnelPlace,
		ruleset: Ruleset,
	): Promise<void> {
		const { ownTable, record, onNotice } = this.#options;
		for (const obstacle of obstacles) {
			const remedy = findRemedy(obstacle, place, ruleset);
			const rows = foreignRulesOf(remedy, ownTable);
			this.#rows.push(...rows.filter((row) => !this.#isKnown(row)));
			await record(this.#rows);
			try {
				await this.#putIntoChain(remedy.chain);
			} catch (error) {
				if (!(error instanceof SystemError)) throw error;
				onNotice(`${error.message} The foreign firewall stays as it is.`);
				continue;
			}
			onNotice(openedText(obstacle, remedy, ownTable));
		}
	}

	#isKnown(row: ForeignRuleRow): boolean {
		return this.#rows.some((known) => isDeepStrictEqual(known, row));
	}

	/** All of them anew: what a reload has left at another place of the chain must not stay as a second copy. */
	async #putIntoChain({ owner, family, table, name }: Chain): Promise<void> {
		const { run } = this.#options;
		const rows = this.#rows.filter(
			(row) =>
				row.owner === owner &&
				row.family === family &&
				row.table === table &&
				row.chain === name,
		);
		for (const row of rows) await removeForeignRule(run, row);
		for (const row of rows) await addForeignRule(run, row);
	}

	#report(
		obstacles: readonly Obstacle[],
		place: TunnelPlace,
		ruleset: Ruleset,
	): void {
		const saidNow = new Set<string>();
		for (const obstacle of obstacles) {
			const key = `${chainKey(obstacle.base)} ${obstacle.isCertain} ${obstacle.deciders.map(deciderKey).join()}`;
			saidNow.add(key);
			if (this.#said.has(key)) continue;
			this.#options.onNotice(
				describeObstacle({
					obstacle,
					remedy: findRemedy(obstacle, place, ruleset),
					brand: brandOf(obstacle, ruleset, place),
					place,
					provenPackets: this.#growth(obstacle.deciders),
				}),
			);
		}
		this.#said = saidNow;
	}

	#reportUnread(sentences: readonly string[]): void {
		for (const sentence of sentences) {
			if (this.#saidUnread.has(sentence)) continue;
			this.#saidUnread.add(sentence);
			this.#options.onNotice(sentence);
		}
	}

	/** Null where no rule of them counts. */
	#growth(deciders: readonly Decider[]): number | null {
		const growths = deciders.flatMap((decider) => {
			const packets = decider.rule?.packets ?? null;
			if (packets === null) return [];
			const key = deciderKey(decider);
			const before = this.#baseline.get(key);
			if (before === undefined) this.#baseline.set(key, packets);
			return [packets - (before ?? packets)];
		});
		return growths.length === 0
			? null
			: growths.reduce((sum, growth) => sum + growth, 0);
	}
}

/** A port that another service has is its own. */
function mayBeOpened({ kind }: Obstacle): boolean {
	return kind !== "port-taken";
}

function deciderKey({ chain, rule }: Decider): string {
	return `${chainKey(chain)}\n${rule === null ? "policy" : (rule.handle ?? rule.position)}`;
}

function openedText(
	obstacle: Obstacle,
	{ chain, rules }: Remedy,
	tag: string,
): string {
	const count = rules.length === 1 ? "a rule" : `${rules.length} rules`;
	return `The ${chainName(obstacle)} stops the tunnel: ${count} with the comment ${tag} went into its chain ${chain.name} (--allow-foreign-firewall), until tunscope stops.`;
}
