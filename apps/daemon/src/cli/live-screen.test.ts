import { describe, expect, it } from "vitest";
import { LiveScreen } from "./live-screen.js";

function terminalOf(columns: number, rows: number) {
	const written: string[] = [];
	const write = (text: string | Uint8Array) => {
		written.push(String(text));
		return true;
	};
	return { terminal: { write, columns, rows }, written };
}

describe("LiveScreen", () => {
	it("hides the cursor while it draws and gives it back once", () => {
		const { terminal, written } = terminalOf(80, 24);
		const screen = new LiveScreen(terminal);
		screen.start();
		screen.start();
		screen.draw("a");
		screen.stop();
		screen.stop();
		expect(written).toEqual(["\u001b[?25l", "a\n", "\u001b[?25h"]);
	});

	it("draws over the view before, and puts log lines above it", () => {
		const { terminal, written } = terminalOf(80, 24);
		const screen = new LiveScreen(terminal);
		screen.start();
		screen.draw("one\ntwo");
		screen.draw("three");
		screen.printAbove("log line\n");
		expect(written.slice(1)).toEqual([
			"one\ntwo\n",
			"\u001b[2F\u001b[Jthree\n",
			"\u001b[1F\u001b[Jlog line\nthree\n",
		]);
	});

	it("prints log lines plainly while it is not drawing", () => {
		const { terminal, written } = terminalOf(80, 24);
		const screen = new LiveScreen(terminal);
		screen.printAbove("log line\n");
		expect(written).toEqual(["log line\n"]);
	});

	it("leaves a row for the cursor, and assumes 80 by 24 where the terminal does not say", () => {
		expect(new LiveScreen(terminalOf(100, 40).terminal).size).toEqual({
			columns: 100,
			rows: 39,
		});
		expect(new LiveScreen(terminalOf(0, 0).terminal).size).toEqual({
			columns: 80,
			rows: 23,
		});
	});
});
