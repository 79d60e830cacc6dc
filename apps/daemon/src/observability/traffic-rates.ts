// Rates from two counter samples, and a short history of them for the live view.

import type { CounterSample } from "../tunnel/counter-sample.js";

export interface DirectionRates {
	readonly bitsPerSecond: number;
	readonly datagramsPerSecond: number;
	/** Datagrams that shared one system call and one header; 0 without traffic. */
	readonly datagramsPerTrain: number;
}

export interface TrafficRates {
	/** From the UDP application into the tunnel. */
	readonly sent: DirectionRates;
	/** From the tunnel to the UDP application. */
	readonly received: DirectionRates;
}

const NO_TRAFFIC: DirectionRates = {
	bitsPerSecond: 0,
	datagramsPerSecond: 0,
	datagramsPerTrain: 0,
};
export const NO_RATES: TrafficRates = {
	sent: NO_TRAFFIC,
	received: NO_TRAFFIC,
};

export function ratesBetween(
	earlier: CounterSample,
	later: CounterSample,
): TrafficRates {
	const seconds = (later.takenAtMs - earlier.takenAtMs) / 1_000;
	if (seconds <= 0) return NO_RATES;
	const grown = (name: keyof CounterSample["engine"]) =>
		Math.max(0, later.engine[name] - earlier.engine[name]);
	const direction = (growth: {
		bytes: number;
		segments: number;
		trains: number;
	}): DirectionRates => ({
		bitsPerSecond: (growth.bytes * 8) / seconds,
		datagramsPerSecond: growth.segments / seconds,
		datagramsPerTrain:
			growth.trains === 0 ? 0 : growth.segments / growth.trains,
	});
	return {
		sent: direction({
			bytes: grown("payloadBytesSent"),
			segments: grown("segmentsSent"),
			trains: grown("trainsSent"),
		}),
		received: direction({
			bytes: grown("payloadBytesReceived"),
			segments: grown("segmentsReceived"),
			trains: grown("trainsReceived"),
		}),
	};
}
