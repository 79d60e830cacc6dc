// The capture ring's two settings, of a command line or a file, as one part of a tunnel's configuration.

import type { TunnelConfig } from "./tunnel-config.js";

/** Headers and the beginning of the payload. */
export const DEFAULT_CAPTURE_SNAP_BYTES = 256;

/** @param ringBytes null: nothing is captured, whatever the other says. */
export function captureOf(
	ringBytes: number | null,
	snapBytes: number,
): Pick<TunnelConfig, "capture"> {
	return ringBytes === null ? {} : { capture: { ringBytes, snapBytes } };
}
