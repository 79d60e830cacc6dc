// Limits of a tunnel's settings and the shape of interface names: plain values, for code that does without the schemas.

/** Smallest and largest accepted value of each number, both inclusive. */
export const TUNNEL_LIMITS = {
	port: { min: 1, max: 65_535 },
	/** RFC 791 §3.1: every IPv4 host takes 576 bytes. */
	linkMtuBytes: { min: 576, max: 65_535 },
	idleTimeoutMs: { min: 1_000, max: 86_400_000 },
	/** Each turn costs a handshake, and for two seconds a second flow. */
	rotateEveryMs: { min: 10_000, max: 7 * 86_400_000 },
	maxFlows: { min: 1, max: 65_536 },
	/** Of a capture ring: at least four of the largest packets. */
	captureBytes: { min: 256 * 1024, max: 1024 * 1024 * 1024 },
	/** At least all headers there can be of an IPv6 segment without extension headers. */
	captureSnapBytes: { min: 100, max: 65_535 },
	/** IFNAMSIZ − 1. */
	interfaceNameBytes: { max: 15 },
	/** A host name (RFC 1035 §2.3.4). */
	hostBytes: { max: 255 },
} as const;

/** No leading dash (it would read as an option of `ip`), nothing that nft or a path would have to escape. */
const INTERFACE_NAME_PATTERN = /^(?!-)[A-Za-z0-9_.@%-]*$/;
/** Names with a meaning of their own in /proc/sys/net or as a path. */
const RESERVED_INTERFACE_NAMES = new Set([".", "..", "all", "default"]);

/** True also for "", which asks for the next free name. */
export function isInterfaceName(text: string): boolean {
	return (
		text.length <= TUNNEL_LIMITS.interfaceNameBytes.max &&
		INTERFACE_NAME_PATTERN.test(text) &&
		!RESERVED_INTERFACE_NAMES.has(text)
	);
}
