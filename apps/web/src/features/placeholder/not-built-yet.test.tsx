// What the placeholder says, and that it promises nothing more.

import { cleanup, render, screen } from "@testing-library/react";
import { afterEach, describe, expect, test } from "vitest";
import { NotBuiltYet } from "./not-built-yet";
import { WORKING_COMMANDS } from "./working-commands";

afterEach(cleanup);

describe("NotBuiltYet", () => {
	test("says that the dashboard is not built yet", () => {
		render(<NotBuiltYet />);
		expect(screen.getByText("The dashboard is not built yet.")).toBeTruthy();
	});

	test("lists every command that works, under its heading", () => {
		render(<NotBuiltYet />);
		const section = screen.getByRole("region", { name: "What works today" });
		for (const row of WORKING_COMMANDS) {
			expect(section.textContent).toContain(row.command);
			expect(section.textContent).toContain(row.purpose);
		}
	});

	test("offers no control, because none would do anything", () => {
		render(<NotBuiltYet />);
		expect(screen.queryAllByRole("button")).toEqual([]);
		expect(screen.queryAllByRole("link")).toEqual([]);
		expect(screen.queryAllByRole("textbox")).toEqual([]);
	});
});
