// Opens columns when they are first needed, keeps them for the rows of one link profile, closes them together.

import type { LinkProfile } from "@tunscope/e2e/netlab";
import { type Column, canRun, openColumn, type TunnelKinds } from "./column.js";
import type { ColumnName } from "./column-names.js";

export class OpenColumns {
	readonly #kinds: TunnelKinds;
	readonly #linkProfile: LinkProfile;
	readonly #stockAbsence: string;
	readonly #open = new Map<ColumnName, Promise<Column>>();

	/** @param stockAbsence why stock is missing, for columns that need it. */
	constructor(options: {
		readonly kinds: TunnelKinds;
		readonly linkProfile: LinkProfile;
		readonly stockAbsence: string;
	}) {
		this.#kinds = options.kinds;
		this.#linkProfile = options.linkProfile;
		this.#stockAbsence = options.stockAbsence;
	}

	/** Why the column cannot run here, null when it can. */
	whyNot(name: ColumnName): string | null {
		return canRun(name, this.#kinds) ? null : this.#stockAbsence;
	}

	get(name: ColumnName): Promise<Column> {
		const known = this.#open.get(name);
		if (known !== undefined) return known;
		const opening = openColumn(name, this.#kinds, this.#linkProfile);
		this.#open.set(name, opening);
		return opening;
	}

	/** Idempotent. */
	async close(): Promise<void> {
		const opened = [...this.#open.values()];
		this.#open.clear();
		for (const one of await Promise.allSettled(opened))
			if (one.status === "fulfilled") await one.value.close();
	}
}
