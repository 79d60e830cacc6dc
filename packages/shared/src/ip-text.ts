// Is a text an IP address literal? The same answers as node:net gives, for code that also runs in a browser.

const IPV4_PATTERN =
	/^(?:(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(?:\.(?!$)|$)){4}$/;
const IPV6_GROUP_COUNT = 8;

/** Four decimal numbers without leading zeros. */
export function isIpv4(text: string): boolean {
	return IPV4_PATTERN.test(text);
}

/** RFC 4291 §2.2, also with an IPv4 address as the last two groups; without a zone (%eth0). */
export function isIpv6(text: string): boolean {
	const lastColon = text.lastIndexOf(":");
	const tail = text.slice(lastColon + 1);
	const isMixed = lastColon >= 0 && tail.includes(".");
	if (isMixed && !isIpv4(tail)) return false;
	const groupsOnly = isMixed ? `${text.slice(0, lastColon + 1)}0:0` : text;
	const halves = groupsOnly.split("::");
	if (halves.length > 2) return false;
	const groups = halves.flatMap((half) => (half === "" ? [] : half.split(":")));
	if (!groups.every((group) => /^[\da-fA-F]{1,4}$/.test(group))) return false;
	return halves.length === 2
		? groups.length < IPV6_GROUP_COUNT
		: groups.length === IPV6_GROUP_COUNT;
}
