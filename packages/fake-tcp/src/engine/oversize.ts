// A datagram that no segment of the path carries: refused, fragmented, or asked to wait until the peer has said who it is.

import type { Flow } from "../flow/flow.js";
import { fragmentedLimitBytes, headersBytes } from "../mtu/mtu-arithmetic.js";
import type { EngineOptions } from "./engine-options.js";

type OversizeFate = "refuse" | "fragment" | "wait";

/**
 * A peer that announced an MSS as we do says its link MTU right behind the handshake, and again after one second and
 * three: whoever has not been heard by then is not waited for.
 */
const REPEATS_TO_WAIT = 2;

/**
 * Fragments go only to peers known to be ours, because others may not bear them: they announced an MSS behind window
 * scale and have said their link MTU (wire.md 4.13). Whoever else there is refuses as with `drop`.
 */
export function oversizeFate(
	options: EngineOptions,
	flow: Flow,
	length: number,
): OversizeFate {
	if (options.oversize === "drop" || !options.profile.sendsControlSegments)
		return "refuse";
	const pathMtuBytes = flow.maxPayloadBytes + headersBytes(flow.family);
	if (length > fragmentedLimitBytes(pathMtuBytes, flow.family)) return "refuse";
	if (flow.state !== "ESTABLISHED") return "wait";
	if (flow.peerMss === 0) return "refuse";
	if (flow.peerLinkMtuBytes > 0) return "fragment";
	return flow.controlRepeats < REPEATS_TO_WAIT ? "wait" : "refuse";
}
