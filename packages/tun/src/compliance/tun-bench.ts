// Two TUN devices, a batch and a train builder over one arena: where the TUN part of the suite works.

import { afterEach, beforeEach } from "vitest";
import type { PacketBatch } from "../tun-device.js";
import type { ComplianceLab, Offloads, TunPair } from "./compliance-lab.js";
import { collectSegments, type ReadSegment } from "./segment-reader.js";
import { TrainBuilder } from "./train-builder.js";

const ARENA_BYTES = 4 * 1_048_576;
export const READ_REGION = 1_048_576;

export const ROUTES = {
	ipv4: { source: "198.18.1.2", destination: "198.18.2.2" },
	ipv6: { source: "2001:db8:1::2", destination: "2001:db8:2::2" },
} as const;
export type Family = keyof typeof ROUTES;

export interface TunBench {
	readonly lab: ComplianceLab;
	readonly arena: Uint8Array;
	readonly pair: TunPair;
	readonly batch: PacketBatch;
	readonly builder: TrainBuilder;
	/** Reads from the right device until this much payload has come. */
	collect(bytes: number): Promise<ReadSegment[]>;
}

function openTunBench(
	lab: ComplianceLab,
	left: Offloads,
	right: Offloads,
): TunBench {
	const arena = new Uint8Array(ARENA_BYTES);
	const pair = lab.openTunPair(arena, { left, right });
	const batch = lab.io.createPacketBatch(
		arena,
		READ_REGION,
		ARENA_BYTES - READ_REGION,
		256,
	);
	const builder = new TrainBuilder(arena);
	const collect = (bytes: number) =>
		collectSegments(pair.right, { batch, arena }, bytes);
	return { lab, arena, pair, batch, builder, collect };
}

/** @returns what opens a bench in a fresh world; it is closed after the test. */
export function useTunBench(
	openLab: () => ComplianceLab,
): (left?: Offloads, right?: Offloads) => TunBench {
	let lab: ComplianceLab;
	const opened: TunBench[] = [];
	beforeEach(() => {
		lab = openLab();
	});
	afterEach(() => {
		for (const { pair } of opened.splice(0)) {
			pair.left.close();
			pair.right.close();
		}
	});
	return (left = "auto", right = "auto") => {
		const bench = openTunBench(lab, left, right);
		opened.push(bench);
		return bench;
	};
}
