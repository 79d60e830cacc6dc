import { expect, it } from "vitest";
import {
	DROP,
	DROP_REASON_COUNT,
	DROP_REASON_ROWS,
	dropReasonName,
	isFateOfPacket,
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

it("tells what ends a packet read from the TUN from what is counted in datagrams", () => {
	expect(isFateOfPacket(DROP["empty-read"])).toBe(true);
	expect(isFateOfPacket(DROP["unknown-control"])).toBe(true);
	expect(isFateOfPacket(DROP["udp-queue-full"])).toBe(false);
	expect(isFateOfPacket(DROP["udp-send-failed"])).toBe(false);
	expect(isFateOfPacket(DROP["empty-datagram"])).toBe(false);
	expect(isFateOfPacket(DROP_REASON_COUNT)).toBe(false);
});
