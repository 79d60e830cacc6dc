// A tunnel's events as log lines: level, event name, fields, and a sentence.

import type { ManagedEvent } from "../instance/managed-tunnel.js";
import { createEventLimiter } from "./event-limiter.js";
import type { Logger } from "./logger.js";

type Level = "debug" | "info" | "warn" | "error";

interface Line {
	readonly level: Level;
	readonly fields: Readonly<Record<string, unknown>>;
	readonly text: string;
}

/** @returns the listener to hand to the supervisor. `clockMs` is monotonic. */
export function createTunnelEventLog(
	logger: Logger,
	clockMs: () => number,
): (event: ManagedEvent) => void {
	const limiter = createEventLimiter();
	return (event) => {
		const line = tunnelEventLine(event);
		const report = isBounded(event)
			? limiter.admit(clockMs())
			: { withheld: 0 };
		if (report === null) return;
		const withheld =
			report.withheld === 0 ? {} : { withheldBefore: report.withheld };
		logger[line.level](
			{ event: event.kind, ...line.fields, ...withheld },
			line.text,
		);
	};
}

/** Events whose number a peer or an application decides. */
function isBounded({ kind }: ManagedEvent): boolean {
	return (
		kind === "flow-opened" ||
		kind === "flow-closed" ||
		kind === "target-state" ||
		kind === "notice"
	);
}

/** Level, fields and sentence for one event. */
export function tunnelEventLine(event: ManagedEvent): Line {
	switch (event.kind) {
		case "flow-opened":
		case "flow-closed":
		case "flow-events-suppressed":
			return flowLine(event);
		case "tun-opened": {
			const { tunName, offloads } = event;
			return {
				level: "info",
				fields: { tunName, offloads },
				text: `TUN ${tunName} opened`,
			};
		}
		case "tun-lost":
			return {
				level: "warn",
				fields: { cause: event.cause },
				text: `the TUN was ${event.cause === "deleted" ? "deleted" : "taken down"} by somebody`,
			};
		case "tun-renamed":
			return {
				level: "warn",
				fields: { from: event.from, to: event.to },
				text: `the TUN ${event.from} was renamed ${event.to} by somebody: rules and settings follow`,
			};
		case "tun-restored":
			return { level: "info", fields: {}, text: "the TUN is up again" };
		case "running":
			return { level: "info", fields: {}, text: "the tunnel is running" };
		case "target-state":
			return event.isDown
				? {
						level: "warn",
						fields: { isDown: true },
						text: "the UDP target refuses datagrams; flows are kept",
					}
				: {
						level: "info",
						fields: { isDown: false },
						text: "the UDP target takes datagrams again",
					};
		case "notice":
			return {
				level: event.level ?? "warn",
				fields: { code: event.code },
				text: event.message,
			};
		case "state":
			return {
				level: "debug",
				fields: { state: event.state },
				text: `state: ${event.state}`,
			};
		case "worker-ended":
			return workerEndedLine(event);
		case "start-failed":
			return startFailedLine(event);
	}
}

type FlowEvent = Extract<
	ManagedEvent,
	{ readonly kind: "flow-opened" | "flow-closed" | "flow-events-suppressed" }
>;

function flowLine(event: FlowEvent): Line {
	if (event.kind === "flow-events-suppressed") {
		const { count } = event;
		return {
			level: "info",
			fields: { count },
			text: `${count} more flow events in this second`,
		};
	}
	const { peer, localPort } = event;
	if (event.kind === "flow-opened") {
		return {
			level: "info",
			fields: { peer, localPort },
			text: `flow opened: ${peer}, own port ${localPort}`,
		};
	}
	const { reason } = event;
	return {
		level: "info",
		fields: { peer, localPort, reason },
		text: `flow closed (${reason}): ${peer}, own port ${localPort}`,
	};
}

function workerEndedLine(
	event: Extract<ManagedEvent, { readonly kind: "worker-ended" }>,
): Line {
	const { error, failure, restartInMs } = event;
	const again = `starting again in ${restartInMs} ms`;
	if (failure !== null) {
		const { code, whatToDo } = failure;
		return {
			level: "error",
			fields: { code, whatToDo, restartInMs },
			text: `${failure.message} ${whatToDo} (${again})`,
		};
	}
	const reason =
		error === null ? "ended without saying why" : `failed: ${error.message}`;
	const fields = { restartInMs, stack: error?.stack };
	return {
		level: "error",
		fields,
		text: `the tunnel's worker ${reason}; ${again}. This is a bug in tunscope.`,
	};
}

function startFailedLine(
	event: Extract<ManagedEvent, { readonly kind: "start-failed" }>,
): Line {
	const { failure, retryInMs } = event;
	const { code, message, whatToDo } = failure;
	const next =
		retryInMs === null
			? "not tried again before it is restarted or its configuration changes"
			: `trying again in ${retryInMs} ms`;
	return {
		level: "error",
		fields: { code, whatToDo, retryInMs },
		text: `${message} ${whatToDo} (${next})`,
	};
}
