// Tells one network namespace from every other of this boot, also from a later one with the same inode.

import { loadAddon } from "./addon.js";

/**
 * The kernel's cookie of this process' network namespace, decimal; null before Linux 5.14, which has none.
 * @throws TunError ADDON_UNAVAILABLE
 */
export function readNetworkNamespaceCookie(): string | null {
	const cookie = loadAddon().networkNamespaceCookie();
	return cookie === "0" ? null : cookie;
}
