// The terminal during the demo: the client's live view in a scrolling region, our panel on the rows under it.

import type { WriteStream } from "node:tty";

const ESCAPE = "\u001b";
const SAVE = `${ESCAPE}7`;
const RESTORE = `${ESCAPE}8`;
const SHOW_CURSOR = `${ESCAPE}[?25h`;
const WHOLE_SCREEN = `${ESCAPE}[r`;
/** Less than this and the live view would not fit: the demo prints plain lines then. */
const LEAST_VIEW_ROWS = 17;
const LEAST_COLUMNS = 60;

export type Terminal = Pick<
	WriteStream,
	"write" | "columns" | "rows" | "isTTY"
>;

export class DemoScreen {
	readonly #terminal: Terminal;
	readonly #panelRows: number;
	#isActive = false;

	constructor(terminal: Terminal, panelRows: number) {
		this.#terminal = terminal;
		this.#panelRows = panelRows;
	}

	/** Whether this terminal has room for view and panel. */
	get isUsable(): boolean {
		const { isTTY, rows, columns } = this.#terminal;
		return (
			isTTY === true &&
			rows >= LEAST_VIEW_ROWS + this.#panelRows &&
			columns >= LEAST_COLUMNS
		);
	}

	get viewRows(): number {
		return this.#terminal.rows - this.#panelRows;
	}

	get columns(): number {
		return this.#terminal.columns;
	}

	/** Makes room at the bottom. Idempotent. */
	start(): void {
		if (this.#isActive) return;
		this.#isActive = true;
		// Push what is there up, keep the panel's rows out of the scrolling region, and start at the region's top.
		this.#terminal.write("\n".repeat(this.#terminal.rows));
		this.#terminal.write(`${ESCAPE}[1;${this.viewRows}r${ESCAPE}[1;1H`);
	}

	/** What the client's program writes goes into the region as it is. */
	passThrough(text: string): void {
		if (this.#isActive) this.#terminal.write(text);
	}

	drawPanel(lines: readonly string[]): void {
		if (!this.#isActive) return;
		const rows = lines.map(
			(line, place) =>
				`${ESCAPE}[${this.viewRows + 1 + place};1H${ESCAPE}[2K${line}`,
		);
		this.#terminal.write(`${SAVE}${rows.join("")}${RESTORE}`);
	}

	/** Gives the whole terminal back, cursor under everything. Idempotent. */
	stop(): void {
		if (!this.#isActive) return;
		this.#isActive = false;
		this.#terminal.write(
			`${WHOLE_SCREEN}${ESCAPE}[${this.#terminal.rows};1H\n${SHOW_CURSOR}`,
		);
	}
}
