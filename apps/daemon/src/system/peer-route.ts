// How the kernel would send to an address now: device, gateway, source address, the route's own MTU.

import { numberOf, objectsOf, textOf } from "../config/json-value.js";
import type { RunCommand } from "./run-command.js";
import { SystemError } from "./system-error.js";

export interface PeerRoute {
	readonly device: string;
	/** Null on the link itself. */
	readonly gateway: string | null;
	/** The address that packets to there get; null where the kernel does not say. */
	readonly source: string | null;
	/** The route's own MTU, where an administrator has set one. */
	readonly routeMtuBytes: number | null;
}

/** Null when the kernel has no route. */
export async function routeTo(
	run: RunCommand,
	address: string,
): Promise<PeerRoute | null> {
	try {
		const { stdout } = await run("ip", ["-j", "route", "get", address]);
		return parseRoutes(stdout)[0] ?? null;
	} catch (error) {
		if (error instanceof SystemError && error.code === "COMMAND_FAILED") {
			return null;
		}
		throw error;
	}
}

/** @param text the answer of `ip -j route`; routes without a device (unreachable, multipath) are left out. */
export function parseRoutes(text: string): readonly PeerRoute[] {
	return objectsOf(JSON.parse(text || "[]")).flatMap((row) => {
		const device = textOf(row, "dev");
		if (device === null) return [];
		const mtus = objectsOf(row.metrics).map((metric) =>
			numberOf(metric, "mtu"),
		);
		return [
			{
				device,
				gateway: textOf(row, "gateway"),
				source: textOf(row, "prefsrc"),
				routeMtuBytes: mtus.find((mtu) => mtu !== null) ?? null,
			},
		];
	});
}
