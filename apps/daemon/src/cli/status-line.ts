// One tunnel's status in one line, for the log when SIGUSR1 asks for it.

import type { TunnelDescription } from "@tunscope/shared/lean";
import {
	formatBitRate,
	formatDuration,
	formatWhole,
} from "./format-quantity.js";

/** E.g. "client_51821: connected, for 3m 12s; 127.0.0.1:51821 → vpn.example:4567 (192.0.2.1:4567) by tun0; …". */
export function statusLine(tunnel: TunnelDescription): string {
	const { flows, rates } = tunnel;
	const parts = [
		`${tunnel.name}: ${tunnel.stateInWords}, ${tunnel.state} for ${formatDuration(tunnel.inStateForMs)}`,
		`${tunnel.listen} → ${remoteText(tunnel)}${tunnel.tun.name === null ? "" : ` by ${tunnel.tun.name}`}`,
		`${formatWhole(flows.established)} flows open, ${formatWhole(flows.halfOpen)} half-open`,
		`sent ${formatBitRate(rates.sent.bitsPerSecond)}, received ${formatBitRate(rates.received.bitsPerSecond)}`,
		`last heard ${lastHeardText(tunnel)}`,
		`drops ${formatWhole(dropsTotal(tunnel))}`,
	];
	return parts.join("; ");
}

/** As configured, with the address in use where that is another text. */
export function remoteText({ remote }: TunnelDescription): string {
	const { configured, inUse } = remote;
	return inUse === null || inUse === configured
		? configured
		: `${configured} (${inUse})`;
}

export function lastHeardText({ lastInboundMsAgo }: TunnelDescription): string {
	return lastInboundMsAgo === null
		? "never"
		: `${formatDuration(lastInboundMsAgo)} ago`;
}

export function dropsTotal({ drops }: TunnelDescription): number {
	return drops.reduce((sum, { count }) => sum + count, 0);
}
