import { describe, expect, it } from "vitest";
import { takeAgainst } from "./against-option.mjs";
import { ensureBuiltCommit } from "./built-commit.mjs";
import { SetUpError } from "./set-up-error.mjs";

describe("--against", () => {
	it.each([
		[[], null, []],
		[["--short"], null, ["--short"]],
		[["--against", "main"], "main", []],
		[["--against=HEAD~3", "--rounds", "7"], "HEAD~3", ["--rounds", "7"]],
		[["--rounds", "7", "--against", "abc"], "abc", ["--rounds", "7"]],
	])("of %j is %j, and leaves %j", (argv, revision, rest) => {
		expect(takeAgainst(argv)).toEqual({ revision, rest });
	});

	it.each([[["--against"]], [["--against="]], [["--against", "--rounds"]]])(
		"of %j asks for a commit",
		(argv) => {
			expect(() => takeAgainst(argv)).toThrow(SetUpError);
		},
	);

	it("of a commit that git does not know says so", async () => {
		await expect(ensureBuiltCommit("no-such-commit")).rejects.toThrow(
			/git knows no such commit/,
		);
	});
});
