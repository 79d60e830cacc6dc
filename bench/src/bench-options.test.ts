import { describe, expect, it } from "vitest";
import { parseBenchOptions, UsageError } from "./bench-options.js";

const ROWS = ["goodput", "loss"];

describe("parseBenchOptions", () => {
	it("runs everything on both link profiles when nothing is said", () => {
		const options = parseBenchOptions([], ROWS);
		expect(options).toMatchObject({
			rowNames: null,
			linkProfiles: ["offload", "cut"],
			command: "npm run bench",
		});
		expect(options.effort.rounds).toBeGreaterThanOrEqual(5);
		expect(options.effort.lossSeconds).toBe(60);
	});

	it("keeps the short form to one link profile", () => {
		const options = parseBenchOptions(["--short"], ROWS);
		expect(options.linkProfiles).toEqual(["offload"]);
		expect(options.effort).toMatchObject({ isShort: true, lossSeconds: 10 });
		expect(options.command).toBe("npm run bench -- --short");
	});

	it("takes rows, profile and rounds", () => {
		const argv = [
			"--only",
			"loss,goodput",
			"--profile",
			"cut",
			"--rounds",
			"1",
			"--seconds",
			"0.5",
		];
		expect(parseBenchOptions(argv, ROWS)).toMatchObject({
			rowNames: ["loss", "goodput"],
			linkProfiles: ["cut"],
			effort: { rounds: 1, secondsPerRun: 0.5 },
		});
	});

	it.each([
		[["--only", "speed"], /the rows are goodput, loss/],
		[["--profile", "bare"], /offload or cut/],
		[["--rounds", "0"], /from 1 to 100/],
		[["--rounds", "101"], /from 1 to 100/],
		[["--rounds", "two"], /from 1 to 100/],
		[["--seconds", "0.4"], /from 0.5 to 60/],
		[["--seconds", "61"], /from 0.5 to 60/],
		[["--fast"], /fast/],
	])("refuses %j and says what is allowed", (argv, sentence) => {
		expect(() => parseBenchOptions(argv, ROWS)).toThrow(UsageError);
		expect(() => parseBenchOptions(argv, ROWS)).toThrow(sentence);
	});
});
