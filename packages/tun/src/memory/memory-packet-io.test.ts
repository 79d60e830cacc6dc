// The in-memory implementation against the compliance suite, and what only it can do.

import { describe } from "vitest";
import type { ComplianceLab } from "../compliance/compliance-lab.js";
import { describePacketIoCompliance } from "../compliance/packet-io-compliance.js";
import { createMemoryPacketIo } from "./memory-packet-io.js";

function openMemoryLab(): ComplianceLab {
	const io = createMemoryPacketIo();
	const { network } = io;
	return {
		io,
		openTunPair: (arena, offloads) => {
			const left = io.openTun({ arena, offloads: offloads.left });
			const right = io.openTun({ arena, offloads: offloads.right });
			network.connectTuns(left, right);
			return { left, right };
		},
		setDown: (tun, isDown) => network.setTunDown(tun, isDown),
		setLinkMtu: (tun, linkMtuBytes) => network.setTunLinkMtu(tun, linkMtuBytes),
		deleteTun: (tun) => network.deleteTun(tun),
	};
}

describe("memory", () => describePacketIoCompliance(openMemoryLab));
