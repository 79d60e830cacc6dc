// The native implementation against the compliance suite, on the real kernel.

import { describe, expect, it } from "vitest";
import { describePacketIoCompliance } from "../compliance/packet-io-compliance.js";
import { NAMESPACE_VARIABLE, openKernelLab } from "./kernel-lab.js";

describe("the namespace", () => {
	it("is one of our own", () => {
		expect(process.env[NAMESPACE_VARIABLE]).toBe("1");
	});
});

describe.runIf(process.env[NAMESPACE_VARIABLE] === "1")("kernel", () =>
	describePacketIoCompliance(openKernelLab),
);
