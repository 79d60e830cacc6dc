import { expect, it } from "vitest";
import { rehearse } from "./rehearsal.js";

it("a rehearsal carries datagrams both ways, as trains and as single ones", () => {
	// Trains alone bring 120 rounds × 32 × 64 octets each way; single datagrams are larger.
	expect(rehearse()).toBeGreaterThan(2 * 100 * 32 * 64);
});
