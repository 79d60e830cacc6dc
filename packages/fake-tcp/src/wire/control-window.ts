// Control segments between two of ours: 14 bits in the window field of a bare ACK (wire.md 4.13).

import { PLAIN_WINDOW } from "./tcp.js";

export const CONTROL_KIND = {
	linkMtu: 0,
	provenSize: 1,
	probe: 2,
	probeAnswer: 3,
} as const;
const KIND_SHIFT = 14;
/** The largest value that fits; as a link MTU it means "that or more". */
export const CONTROL_VALUE_MAX = 0x3fff;

export function linkMtuWindow(linkMtuBytes: number): number {
	return (
		(CONTROL_KIND.linkMtu << KIND_SHIFT) |
		Math.min(linkMtuBytes, CONTROL_VALUE_MAX)
	);
}

/** True when a bare ACK with this window says something beyond "plain". */
export function isControlWindow(window: number): boolean {
	return window !== PLAIN_WINDOW;
}

export function controlKind(window: number): number {
	return window >>> KIND_SHIFT;
}

export function controlValue(window: number): number {
	return window & CONTROL_VALUE_MAX;
}
