// How the veth links of a lab treat segments: as between virtual machines, as on a plain NIC, or byte for byte.

import type { Namespace } from "./namespace.js";

/**
 * "offload": veth as it is, super-segments cross uncut.
 * "cut": every segment is cut by the sender and glued by the receiver, as on a plain NIC (performance.md).
 * "bare": as cut, and checksums are finished before the link, so that corruption on it is real (reliability.md).
 */
export type LinkProfile = "offload" | "cut" | "bare";

const ETHTOOL_SETTINGS: Readonly<Record<LinkProfile, readonly string[]>> = {
	offload: [],
	// Veth applies GRO only when the sending veth's TSO is off (wire.md 4.10).
	cut: ["tso", "off", "gso", "off", "gro", "on"],
	bare: ["tso", "off", "gso", "off", "gro", "off", "tx", "off"],
};

export async function applyLinkProfile(
	namespace: Namespace,
	interfaceName: string,
	profile: LinkProfile,
): Promise<void> {
	const settings = ETHTOOL_SETTINGS[profile];
	if (settings.length === 0) return;
	await namespace.run(["ethtool", "-K", interfaceName, ...settings]);
}
