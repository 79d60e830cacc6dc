// Which failures to start may pass by themselves (a name server that is down, a port still held), so that trying again makes sense.

/** Codes of SystemError and TunError. What is not here needs a person: a missing tool, a permission, a wrong file. */
const PASSING_CODES: ReadonlySet<string> = new Set([
	"COMMAND_TIMEOUT",
	"COMMAND_FAILED",
	"UDP_PORT_TAKEN",
	"UDP_ADDRESS_UNAVAILABLE",
	"TCP_PORT_TAKEN",
	"TUN_NAME_TAKEN",
	"REMOTE_NOT_RESOLVED",
	"REMOTE_NOT_ROUTED",
	"ROUTE_LOOP",
	"INTERFACE_MISSING",
	"ADDRESS_CLASH",
	"SERVER_PORT_CLASH",
	"STATE_LOCK_TIMEOUT",
	"NAME_IN_USE",
	"ADDRESS_IN_USE",
	"ADDRESS_NOT_AVAILABLE",
	"DEVICE_GONE",
	"TOO_MANY_DESCRIPTORS",
	"OUT_OF_MEMORY",
	"UNREACHABLE",
	"SYSTEM",
]);

export function mayPass(failureCode: string): boolean {
	return PASSING_CODES.has(failureCode);
}
