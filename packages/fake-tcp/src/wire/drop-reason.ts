// Every reason for which Tunscope discards a packet or a user datagram: number, name, side, sentence.

/** Where the discarded thing came from: the TUN (the network side) or the UDP socket (the application side). */
export type DropSide = "tun" | "udp";

interface DropReasonRow {
	readonly name: string;
	readonly side: DropSide;
	readonly meaning: string;
}

const ROWS = [
	// From the TUN: counted in packets read.
	{
		name: "empty-read",
		side: "tun",
		meaning: "The TUN handed over a packet of no bytes.",
	},
	{
		name: "bad-virtio-header",
		side: "tun",
		meaning: "The kernel's virtio-net header contradicts the packet.",
	},
	{
		name: "bad-ip-version",
		side: "tun",
		meaning: "The IP version is neither 4 nor 6.",
	},
	{
		name: "bad-ip-header-length",
		side: "tun",
		meaning: "The IPv4 header length is under 20 bytes or past the packet.",
	},
	{
		name: "truncated",
		side: "tun",
		meaning: "The packet is shorter than its headers say.",
	},
	{
		name: "bad-ip-checksum",
		side: "tun",
		meaning: "The IPv4 header checksum is wrong.",
	},
	{
		name: "fragment-malformed",
		side: "tun",
		meaning:
			"An IP fragment that no sender makes: empty, cut at no multiple of 8 bytes, or cut within the TCP header.",
	},
	{
		name: "fragment-too-long",
		side: "tun",
		meaning:
			"With this IP fragment the datagram would be longer than IP allows (ping of death).",
	},
	{
		name: "fragment-overlap",
		side: "tun",
		meaning:
			"IP fragments of one datagram that overlap or contradict each other; the datagram is discarded whole.",
	},
	{
		name: "fragment-duplicate",
		side: "tun",
		meaning: "The same IP fragment once more; the first one counts.",
	},
	{
		name: "fragment-too-many",
		side: "tun",
		meaning: "A datagram in more than 64 IP fragments.",
	},
	{
		name: "fragment-evicted",
		side: "tun",
		meaning:
			"An IP fragment that made room: the oldest go when memory, number or a source's share is used up.",
	},
	{
		name: "fragment-timeout",
		side: "tun",
		meaning: "An IP fragment whose rest did not come within 5 s.",
	},
	{
		name: "bad-extension-chain",
		side: "tun",
		meaning: "The IPv6 extension header chain is malformed or too long.",
	},
	{
		name: "link-local-chatter",
		side: "tun",
		meaning:
			"The kernel's own neighbour, router or multicast messages on a new device; harmless.",
	},
	{
		name: "not-tcp",
		side: "tun",
		meaning: "A packet of another protocol than TCP.",
	},
	{
		name: "wrong-destination",
		side: "tun",
		meaning: "Addressed to something else than the tunnel's own address.",
	},
	{
		name: "bad-data-offset",
		side: "tun",
		meaning: "The TCP header length is under 20 bytes or past the segment.",
	},
	{
		name: "bad-tcp-checksum",
		side: "tun",
		meaning: "The TCP checksum is wrong: the segment was damaged on the way.",
	},
	{
		name: "bad-control-bits",
		side: "tun",
		meaning:
			"A combination of control bits that no TCP sends (SYN+FIN, none at all, …).",
	},
	{
		name: "unacceptable-syn",
		side: "tun",
		meaning:
			"A SYN that no peer of this wire format sends: a port scan, or another program.",
	},
	{
		name: "syn-on-established",
		side: "tun",
		meaning: "A SYN for a flow that is open; the flow was probed instead.",
	},
	{
		name: "flow-limit",
		side: "tun",
		meaning: "A new flow was refused: --max-flows are open and none is quiet.",
	},
	{
		name: "unknown-flow",
		side: "tun",
		meaning: "A segment of no flow we know; answered with a reset.",
	},
	{
		name: "unknown-flow-rst",
		side: "tun",
		meaning: "A reset of no flow we know; never answered.",
	},
	{
		name: "rst-out-of-window",
		side: "tun",
		meaning:
			"A reset whose sequence or acknowledgement number does not belong to the flow: forged, or very late.",
	},
	{
		name: "rst-challenged",
		side: "tun",
		meaning:
			"A reset near the expected sequence number, not at it: the peer was asked whether it means it (challenge ACK).",
	},
	{
		name: "sequence-out-of-window",
		side: "tun",
		meaning:
			"A segment whose sequence number is nowhere near the flow's: forged, or very late.",
	},
	{
		name: "acknowledgement-out-of-window",
		side: "tun",
		meaning:
			"A segment that acknowledges what was never sent or is long past: forged, or meant for an earlier flow.",
	},
	{
		name: "ahead-not-continued",
		side: "tun",
		meaning:
			"Data far away from the flow's sequence number, held back, and what came next did not continue it.",
	},
	{
		name: "keepalive-octet",
		side: "tun",
		meaning: "A keepalive of an idle peer: answered, its octet not delivered.",
	},
	{
		name: "unexpected-in-handshake",
		side: "tun",
		meaning: "A segment that does not fit the handshake in progress.",
	},
	{
		name: "handshake-payload",
		side: "tun",
		meaning:
			"Payload in a handshake segment, swallowed as stock does (wire profile stock-exact).",
	},
	{
		name: "unknown-control",
		side: "tun",
		meaning: "A control segment with a value out of range.",
	},
	{
		name: "bad-icmp-checksum",
		side: "tun",
		meaning: "An ICMP error whose checksum is wrong.",
	},
	{
		name: "icmp-unrelated",
		side: "tun",
		meaning:
			"An ICMP error about a segment that none of our flows can have sent.",
	},
	{
		name: "icmp-implausible",
		side: "tun",
		meaning:
			"An ICMP error that quotes a segment not on its way, or claims an MTU that cannot be: forged, or very late.",
	},
	// From the engine towards the application: counted in datagrams.
	{
		name: "udp-queue-full",
		side: "tun",
		meaning: "The application's socket took no more (EAGAIN, ENOBUFS).",
	},
	{
		name: "udp-too-big",
		side: "tun",
		meaning: "The UDP path to the application refused the size (EMSGSIZE).",
	},
	{
		name: "udp-send-failed",
		side: "tun",
		meaning: "Sending to the application failed with another error.",
	},
	// From the UDP socket: counted in datagrams.
	{
		name: "empty-datagram",
		side: "udp",
		meaning: "A datagram of no bytes, which this wire format cannot carry.",
	},
	{
		name: "oversize-datagram",
		side: "udp",
		meaning:
			"Larger than the path takes; refused, never truncated. Lower the inner MTU.",
	},
	{
		name: "pending-full",
		side: "udp",
		meaning: "Waited for the handshake, and the bounded queue was full.",
	},
	{
		name: "handshake-failed",
		side: "udp",
		meaning: "Waited for a handshake that did not come about.",
	},
	{
		name: "flow-closed",
		side: "udp",
		meaning: "Waited for a flow that was closed or reset.",
	},
	{
		name: "no-flow-slot",
		side: "udp",
		meaning:
			"A new client was refused: --max-flows are open and none is quiet.",
	},
	{
		name: "no-free-port",
		side: "udp",
		meaning: "Every source port towards this server is in use.",
	},
	{
		name: "tun-queue-full",
		side: "udp",
		meaning: "The TUN took no more (EAGAIN, ENOBUFS).",
	},
	{ name: "tun-down", side: "udp", meaning: "The TUN is down or gone." },
	{
		name: "tun-write-failed",
		side: "udp",
		meaning: "Writing to the TUN failed with another error.",
	},
	{
		name: "tunnel-stopping",
		side: "udp",
		meaning: "Came while the tunnel was being stopped.",
	},
] as const satisfies readonly DropReasonRow[];

export type DropReasonName = (typeof ROWS)[number]["name"];

/** Numeric, because the hot path counts by index into a typed array. */
export type DropReason = number & { readonly __dropReason?: never };

export const DROP_REASON_ROWS: readonly DropReasonRow[] = ROWS;
export const DROP_REASON_COUNT = ROWS.length;

function numbersByName(): Record<DropReasonName, DropReason> {
	const table: Partial<Record<DropReasonName, DropReason>> = {};
	for (const [number, row] of ROWS.entries()) table[row.name] = number;
	return table as Record<DropReasonName, DropReason>;
}

/** `DROP["bad-tcp-checksum"]` is the reason's number. Copy it to a module constant where it is hot. */
export const DROP: Readonly<Record<DropReasonName, DropReason>> =
	numbersByName();

/** What the application's socket refused: datagrams, whose packet counts as delivered already. */
const BEHIND_DELIVERY: ReadonlySet<string> = new Set<DropReasonName>([
	"udp-queue-full",
	"udp-too-big",
	"udp-send-failed",
]);

/** Whether one count of this reason is the fate of one packet read from the TUN. */
export function isFateOfPacket(reason: DropReason): boolean {
	const row = ROWS[reason];
	return row?.side === "tun" && !BEHIND_DELIVERY.has(row.name);
}

export function dropReasonName(reason: DropReason): DropReasonName {
	const row = ROWS[reason];
	return row === undefined ? "unknown-control" : row.name;
}
