// Draws the live view in place on a terminal, with log lines scrolling above it.

import type { WriteStream } from "node:tty";

const HIDE_CURSOR = "\u001b[?25l";
const SHOW_CURSOR = "\u001b[?25h";
const CLEAR_BELOW = "\u001b[J";

export class LiveScreen {
	readonly #terminal: Pick<WriteStream, "write" | "columns" | "rows">;
	#shown = "";
	#isActive = false;

	constructor(terminal: Pick<WriteStream, "write" | "columns" | "rows">) {
		this.#terminal = terminal;
	}

	/** Room for the view; one row stays free for the cursor. */
	get size(): { readonly columns: number; readonly rows: number } {
		// A terminal of unknown size says 0 or nothing.
		return {
			columns: this.#terminal.columns || 80,
			rows: (this.#terminal.rows || 24) - 1,
		};
	}

	/** Idempotent. */
	start(): void {
		if (this.#isActive) return;
		this.#isActive = true;
		this.#terminal.write(HIDE_CURSOR);
	}

	/** Replaces the view. */
	draw(view: string): void {
		if (!this.#isActive) return;
		this.#terminal.write(`${this.#erase()}${view}\n`);
		this.#shown = view;
	}

	/** A line that stays, above the view. */
	printAbove(text: string): void {
		const view = this.#shown;
		const below = this.#isActive && view !== "" ? `${view}\n` : "";
		this.#terminal.write(`${this.#erase()}${text}${below}`);
	}

	/** Leaves the last view where it is and gives the cursor back. Idempotent. */
	stop(): void {
		if (!this.#isActive) return;
		this.#isActive = false;
		this.#shown = "";
		this.#terminal.write(SHOW_CURSOR);
	}

	#erase(): string {
		if (!this.#isActive || this.#shown === "") return "";
		const lines = this.#shown.split("\n").length;
		return `\u001b[${lines}F${CLEAR_BELOW}`;
	}
}
