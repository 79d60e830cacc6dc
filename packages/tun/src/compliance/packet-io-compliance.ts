// The compliance suite: one list of behaviours, run against the kernel and against memory.

import { describe } from "vitest";
import type { ComplianceLab } from "./compliance-lab.js";
import { describePollerCompliance } from "./poller-compliance.js";
import { describeTunFaults } from "./tun-faults.js";
import { describeTunFragments } from "./tun-fragments.js";
import { describeTunLife } from "./tun-life.js";
import { describeTunTrains } from "./tun-trains.js";
import { describeUdpAddresses } from "./udp-addresses.js";
import { describeUdpLimits } from "./udp-limits.js";

/** @param openLab gives a fresh world before each test; what it opens, the test closes. */
export function describePacketIoCompliance(openLab: () => ComplianceLab): void {
	describe("TUN trains", () => describeTunTrains(openLab));
	describe("TUN fragments", () => describeTunFragments(openLab));
	describe("TUN life", () => describeTunLife(openLab));
	describe("TUN faults", () => describeTunFaults(openLab));
	describe("UDP addresses", () => describeUdpAddresses(openLab));
	describe("UDP limits", () => describeUdpLimits(openLab));
	describe("poller", () => describePollerCompliance(openLab));
}
