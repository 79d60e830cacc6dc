import { expect, it } from "vitest";
import {
	DROP,
	DROP_REASON_COUNT,
	DROP_REASON_ROWS,
	dropReasonName,
} from "./drop-reason.js";

it("gives every reason one number, one name and a sentence", () => {
	expect(new Set(DROP_REASON_ROWS.map(({ name }) => name)).size).toBe(
		DROP_REASON_COUNT,
	);
	for (const [number, row] of DROP_REASON_ROWS.entries()) {
		expect(dropReasonName(number)).toBe(row.name);
		expect(DROP[dropReasonName(number)]).toBe(number);
		expect(row.meaning).toMatch(/^[A-Z].*\.$/);
	}
});
