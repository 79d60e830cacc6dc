// Every code of an anomaly: how serious it is, where it belongs, which way the traffic goes, and what it tells in numbers.

/** From "for the record" to "traffic is being lost now". */
export const ANOMALY_SEVERITIES = ["info", "note", "warn", "error"] as const;
export type AnomalySeverity = (typeof ANOMALY_SEVERITIES)[number];

export const ANOMALY_GROUPS = [
	"mtu",
	"fragment",
	/** Damaged packets: wrong checksums, and headers that contradict themselves. */
	"checksum",
	"sequence",
	"handshake",
	"rst",
	"icmp",
	/** Addresses and ports that are not what they were, and paths that fall silent. */
	"nat",
	"resource",
] as const;
export type AnomalyGroup = (typeof ANOMALY_GROUPS)[number];

/** Inbound: from the peer towards the application. Outbound: from the application towards the peer. */
export const ANOMALY_DIRECTIONS = ["inbound", "outbound", "both"] as const;
export type AnomalyDirection = (typeof ANOMALY_DIRECTIONS)[number];

/** Unit of a parameter, and whether it is a number or text. */
export const PARAMETER_UNITS = {
	octets: "number",
	ms: "number",
	segments: "number",
	pieces: "number",
	attempts: "number",
	flows: "number",
	"per-mille": "number",
	"icmp-type": "number",
	"icmp-code": "number",
	"control-bits": "number",
	/** An IP address, or null when it is not known. */
	address: "text",
	name: "text",
} as const;
export type ParameterUnit = keyof typeof PARAMETER_UNITS;
type ParameterTable = Readonly<Record<string, ParameterUnit>>;

interface AnomalyRow {
	readonly severity: AnomalySeverity;
	readonly group: AnomalyGroup;
	readonly direction: AnomalyDirection;
	/** Unit by name; the names are the placeholders of the sentences. */
	readonly parameters: ParameterTable;
}

function placed(
	severity: AnomalySeverity,
	group: AnomalyGroup,
	direction: AnomalyDirection,
) {
	return { severity, group, direction };
}

/** A row without parameters. */
function bare(...place: Parameters<typeof placed>) {
	return { ...placed(...place), parameters: {} };
}

/** Codes that have a drop reason of the same name: packages/fake-tcp/src/wire/drop-reason.ts. */
const DROPS = {
	"empty-read": bare("note", "resource", "inbound"),
	"bad-virtio-header": bare("warn", "resource", "inbound"),
	"bad-ip-version": bare("note", "checksum", "inbound"),
	"bad-ip-header-length": bare("note", "checksum", "inbound"),
	truncated: bare("note", "checksum", "inbound"),
	"bad-ip-checksum": bare("note", "checksum", "inbound"),
	"fragment-malformed": bare("note", "fragment", "inbound"),
	"fragment-too-long": bare("note", "fragment", "inbound"),
	"fragment-overlap": bare("warn", "fragment", "inbound"),
	"fragment-duplicate": bare("info", "fragment", "inbound"),
	"fragment-too-many": bare("warn", "fragment", "inbound"),
	"fragment-evicted": bare("warn", "fragment", "inbound"),
	"fragment-timeout": bare("warn", "fragment", "inbound"),
	"bad-icmp-checksum": bare("note", "icmp", "inbound"),
	"icmp-unrelated": bare("note", "icmp", "inbound"),
	"icmp-implausible": bare("warn", "icmp", "inbound"),
	"bad-extension-chain": bare("note", "checksum", "inbound"),
	"not-tcp": bare("note", "nat", "inbound"),
	"wrong-destination": bare("warn", "nat", "inbound"),
	"bad-data-offset": bare("note", "checksum", "inbound"),
	"bad-tcp-checksum": bare("warn", "checksum", "inbound"),
	"bad-control-bits": bare("note", "handshake", "inbound"),
	"unacceptable-syn": bare("note", "handshake", "inbound"),
	"syn-on-established": bare("note", "handshake", "inbound"),
	"flow-limit": bare("warn", "resource", "inbound"),
	"unknown-flow": bare("note", "nat", "inbound"),
	"unknown-flow-rst": bare("info", "rst", "inbound"),
	"rst-out-of-window": bare("warn", "rst", "inbound"),
	"sequence-out-of-window": bare("note", "sequence", "inbound"),
	"acknowledgement-out-of-window": bare("note", "sequence", "inbound"),
	"ahead-not-continued": bare("note", "sequence", "inbound"),
	"unexpected-in-handshake": bare("note", "handshake", "inbound"),
	"handshake-payload": bare("note", "handshake", "inbound"),
	"unknown-control": bare("note", "mtu", "inbound"),
	"udp-queue-full": bare("warn", "resource", "inbound"),
	"udp-too-big": bare("warn", "mtu", "inbound"),
	"udp-send-failed": bare("error", "resource", "inbound"),
	"oversize-datagram": {
		...placed("warn", "mtu", "outbound"),
		parameters: {
			datagramOctets: "octets",
			limitOctets: "octets",
			wireguardMtu: "octets",
		},
	},
	"pending-full": bare("warn", "resource", "outbound"),
	"handshake-failed": bare("warn", "handshake", "outbound"),
	"flow-closed": bare("note", "rst", "outbound"),
	"no-flow-slot": bare("warn", "resource", "outbound"),
	"no-free-port": bare("error", "resource", "outbound"),
	"tun-queue-full": bare("warn", "resource", "outbound"),
	"tun-down": bare("warn", "resource", "outbound"),
	"tun-write-failed": bare("error", "resource", "outbound"),
} as const;

/** Codes that the engine notices beside drops: packages/fake-tcp/src/engine/engine-notice.ts. */
const NOTICES = {
	"fragments-reassembled": {
		...placed("note", "fragment", "inbound"),
		parameters: {
			largestOctets: "octets",
			pieces: "pieces",
			wireguardMtu: "octets",
		},
	},
	"mss-by-middlebox": {
		...placed("info", "mtu", "inbound"),
		parameters: { mss: "octets" },
	},
	"link-mtu-differs": {
		...placed("note", "mtu", "both"),
		parameters: {
			oursOctets: "octets",
			peersOctets: "octets",
			wireguardMtu: "octets",
		},
	},
	"path-mtu-lowered": {
		...placed("warn", "mtu", "outbound"),
		parameters: {
			pathMtu: "octets",
			limitBefore: "octets",
			wireguardMtu: "octets",
			reporter: "address",
		},
	},
	"path-mtu-restored": {
		...placed("info", "mtu", "outbound"),
		parameters: { pathMtu: "octets" },
	},
	"icmp-unreachable": {
		...placed("warn", "icmp", "outbound"),
		parameters: {
			type: "icmp-type",
			code: "icmp-code",
			reporter: "address",
		},
	},
	"icmp-prohibited": {
		...placed("warn", "icmp", "outbound"),
		parameters: {
			type: "icmp-type",
			code: "icmp-code",
			reporter: "address",
		},
	},
	"icmp-time-exceeded": {
		...placed("warn", "icmp", "outbound"),
		parameters: {
			type: "icmp-type",
			code: "icmp-code",
			reporter: "address",
		},
	},
	"icmp-other": {
		...placed("note", "icmp", "outbound"),
		parameters: {
			type: "icmp-type",
			code: "icmp-code",
			reporter: "address",
		},
	},
	"reset-by-peer": bare("note", "rst", "inbound"),
	"reset-challenged": {
		...placed("warn", "rst", "inbound"),
		parameters: { distance: "octets" },
	},
	"syn-probed": bare("info", "handshake", "inbound"),
	"peer-restarted": bare("info", "handshake", "inbound"),
	"odd-control-bits": {
		...placed("note", "handshake", "inbound"),
		parameters: {
			bits: "control-bits",
		},
	},
	"peer-silent": {
		...placed("warn", "nat", "inbound"),
		parameters: { silentMs: "ms" },
	},
	"peer-back": {
		...placed("info", "nat", "inbound"),
		parameters: { silentMs: "ms" },
	},
	"flow-renewed": {
		...placed("note", "nat", "both"),
		parameters: { silentMs: "ms" },
	},
	"peer-rebound": bare("note", "nat", "inbound"),
	"handshake-unanswered": {
		...placed("warn", "handshake", "outbound"),
		parameters: { attempts: "attempts" },
	},
	"handshake-refused": {
		...placed("warn", "handshake", "outbound"),
		parameters: { attempts: "attempts" },
	},
	"outage-skipped": {
		...placed("warn", "sequence", "inbound"),
		parameters: {
			skippedOctets: "octets",
		},
	},
	"loss-inbound": {
		...placed("warn", "sequence", "inbound"),
		parameters: {
			lostPerMille: "per-mille",
			segments: "segments",
		},
	},
	"reordering-inbound": {
		...placed("note", "sequence", "inbound"),
		parameters: {
			reorderedPerMille: "per-mille",
			segments: "segments",
		},
	},
	"syn-flood": {
		...placed("warn", "handshake", "inbound"),
		parameters: { halfOpen: "flows" },
	},
	"syn-flood-over": {
		...placed("info", "handshake", "inbound"),
		parameters: { answered: "segments" },
	},
} as const;

/** Codes that the daemon itself gives. */
const DAEMON = {
	"tun-lost": {
		...placed("error", "resource", "both"),
		parameters: { cause: "name" },
	},
	"tun-restored": bare("info", "resource", "both"),
	"tun-renamed": {
		...placed("note", "resource", "both"),
		parameters: { from: "name", to: "name" },
	},
	"target-refuses": bare("error", "resource", "inbound"),
	"target-answers": bare("info", "resource", "inbound"),
	"udp-buffer-overflow": bare("warn", "resource", "outbound"),
	"socket-unavailable": {
		...placed("error", "resource", "inbound"),
		parameters: { error: "name" },
	},
	"worker-restarted": {
		...placed("error", "resource", "both"),
		parameters: { pauseMs: "ms" },
	},
} as const;

export const ANOMALIES = {
	...DROPS,
	...NOTICES,
	...DAEMON,
} as const satisfies Readonly<Record<string, AnomalyRow>>;
export type AnomalyCode = keyof typeof ANOMALIES;
export type DaemonAnomalyCode = keyof typeof DAEMON;

/** In the order of the table. */
export const ANOMALY_CODES = Object.keys(ANOMALIES).filter(isAnomalyCode);
export const DAEMON_ANOMALY_CODES = Object.keys(DAEMON).filter(isAnomalyCode);

/** Drop reasons and notices of the engine that are ordinary life, and why. */
export const NOT_ANOMALIES: Readonly<Record<string, string>> = {
	"link-local-chatter":
		"The kernel itself sends router solicitations, neighbour discovery and multicast reports on every new device.",
	"empty-datagram":
		"Applications use empty datagrams as keepalives; Phantun's wire format cannot carry them.",
	"rst-challenged":
		"Told as `reset-challenged`, with the distance to the expected sequence number.",
	"keepalive-octet": "Keepalives of an idle peer are ordinary.",
	"tunnel-stopping": "What comes while a tunnel is being stopped.",
};

export function isAnomalyCode(text: string): text is AnomalyCode {
	return Object.hasOwn(ANOMALIES, text);
}

type ValueOf<Unit extends ParameterUnit> =
	| ((typeof PARAMETER_UNITS)[Unit] extends "number" ? number : string)
	/** It could not be found out. */
	| null;

/** The parameters of an event with this code. */
export type AnomalyParameters<Code extends AnomalyCode> = {
	readonly [Name in keyof (typeof ANOMALIES)[Code]["parameters"]]: (typeof ANOMALIES)[Code]["parameters"][Name] extends infer Unit extends
		ParameterUnit
		? ValueOf<Unit>
		: never;
};

/** The parameters of any event. */
export type AnomalyParameterValues = Readonly<
	Record<string, number | string | null>
>;
