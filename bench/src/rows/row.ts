// What a row of the benchmark gets and gives.

import type { LinkProfile } from "@tunscope/e2e/netlab";
import type { Column, TunnelKinds } from "../lab/column.js";
import type { ColumnName } from "../lab/column-names.js";
import type { Sender } from "../lab/stream-run.js";
import type { Figure } from "../report/figure.js";

/** How much time is spent. */
export interface Effort {
	readonly isShort: boolean;
	/** Interleaved runs per figure. */
	readonly rounds: number;
	readonly secondsPerRun: number;
	readonly lossSeconds: number;
	/** Datagrams that the flat-heap row carries. */
	readonly heapDatagrams: number;
}

export interface RowContext {
	readonly effort: Effort;
	readonly linkProfile: LinkProfile;
	readonly kinds: TunnelKinds;
	/** Why a column cannot run here, null when it can. */
	whyNot(name: ColumnName): string | null;
	/** The column's tunnel, started at first use and shared by the rows of this link profile. */
	column(name: ColumnName): Promise<Column>;
	/** Datagrams per second a column can carry at most, remembered from an earlier row or measured now. */
	maximum(name: ColumnName, sender: Sender): Promise<number>;
	rememberMaximum(name: ColumnName, sender: Sender, perSecond: number): void;
	/** Progress for whoever watches. */
	say(line: string): void;
}

export interface Row {
	/** For `--only`. */
	readonly name: string;
	/** Whether it is part of the short form. */
	readonly isInShort: boolean;
	/** Once per link profile, or once only because the link does not matter. */
	readonly perLinkProfile: boolean;
	run(context: RowContext): Promise<readonly Figure[]>;
}
