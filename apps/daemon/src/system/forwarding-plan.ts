// Which kernel settings a tunnel needs so that the kernel carries packets between its TUN and the wire (wire.md 4.12).

import type { SysctlFiles } from "./sysctl-files.js";

export type AddressFamily = "ipv4" | "ipv6";

export interface ForwardingNeed {
	readonly tunName: string;
	/** Interfaces whose packets must reach the TUN, per family; empty when the family is not used. */
	readonly interfaces: Readonly<Record<AddressFamily, readonly string[]>>;
}

export interface SysctlWish {
	/** Path below /proc/sys. */
	readonly key: string;
	readonly wanted: string;
	/** Values that are as good as `wanted`: found, they are left. */
	readonly alsoGood: readonly string[];
	readonly family: AddressFamily;
	/** The interface it belongs to; null for a setting of the whole host. */
	readonly interfaceName: string | null;
	/** A setting of our own TUN ends with the TUN: nothing to record, nothing to restore. */
	readonly isOfOurTun: boolean;
	/** Switching it on makes the host forward; a guard has to hold that back for everything but our TUNs. */
	readonly needsGuard: boolean;
}

/**
 * What we write where the kernel takes every value but 0 for "on": 2 tells our own from the 1 that everybody else
 * writes, so that we notice when forwarding is wanted by somebody else after our start, and leave it on.
 */
export const OUR_FORWARDING = "2";

export function isMet(wish: SysctlWish, present: string | null): boolean {
	return (
		present !== null &&
		(present === wish.wanted || wish.alsoGood.includes(present))
	);
}

export function forwardingKey(
	family: AddressFamily,
	interfaceName: string,
): string {
	return `net/${family}/conf/${interfaceName}/forwarding`;
}

/** Everything needed, in the order of writing, whether or not it is so already. */
export function planForwarding(
	need: ForwardingNeed,
	sysctls: SysctlFiles,
): readonly SysctlWish[] {
	const wishes: SysctlWish[] = [];
	if (need.interfaces.ipv4.length > 0) {
		wishes.push(
			...perInterface({ need, family: "ipv4", setting: "forwarding" }),
		);
	}
	if (need.interfaces.ipv6.length > 0) wishes.push(...planIpv6(need, sysctls));
	return wishes;
}

function planIpv6(
	need: ForwardingNeed,
	sysctls: SysctlFiles,
): readonly SysctlWish[] {
	// Since Linux 6.17; before, only the setting of all interfaces counts.
	if (sysctls.read("net/ipv6/conf/all/force_forwarding") !== null) {
		return perInterface({ need, family: "ipv6", setting: "force_forwarding" });
	}
	return [
		...keepRouterAdvertisements(sysctls, need.tunName),
		{
			key: forwardingKey("ipv6", "all"),
			wanted: OUR_FORWARDING,
			alsoGood: ["1"],
			family: "ipv6",
			interfaceName: null,
			isOfOurTun: false,
			needsGuard: true,
		},
	];
}

export function acceptRaKey(interfaceName: string): string {
	return `net/ipv6/conf/${interfaceName}/accept_ra`;
}

/** Interfaces that may have a default route from router advertisements, by the kernel's own hand. */
export function routerListeners(
	sysctls: SysctlFiles,
	tunName: string,
): readonly string[] {
	const others = ["all", "default", "lo", tunName];
	return sysctls
		.list("net/ipv6/conf")
		.filter((name) => !others.includes(name))
		.filter((name) =>
			// 2 may be another tunnel's doing, which this one needs too.
			["1", "2"].includes(sysctls.read(acceptRaKey(name)) ?? ""),
		);
}

// Forwarding makes the kernel ignore router advertisements where accept_ra is 1, which would lose the default route.
function keepRouterAdvertisements(
	sysctls: SysctlFiles,
	tunName: string,
): readonly SysctlWish[] {
	return routerListeners(sysctls, tunName).map((name) => ({
		key: acceptRaKey(name),
		wanted: "2",
		alsoGood: [],
		family: "ipv6",
		interfaceName: name,
		isOfOurTun: false,
		needsGuard: false,
	}));
}

function perInterface(choice: {
	readonly need: ForwardingNeed;
	readonly family: AddressFamily;
	readonly setting: string;
}): readonly SysctlWish[] {
	const { need, family, setting } = choice;
	const wish = (interfaceName: string, isOfOurTun: boolean): SysctlWish => ({
		key: `net/${family}/conf/${interfaceName}/${setting}`,
		// force_forwarding takes 0 and 1 only, and nobody else writes it.
		wanted: setting === "forwarding" && !isOfOurTun ? OUR_FORWARDING : "1",
		alsoGood: setting === "forwarding" ? ["1"] : [],
		family,
		interfaceName,
		isOfOurTun,
		needsGuard: !isOfOurTun,
	});
	return [
		wish(need.tunName, true),
		...need.interfaces[family].map((name) => wish(name, false)),
	];
}

const OUR_MARK = "(2 works like 1, and is known as tunscope's)";

/** Why a setting of these is changed, for people. */
export function reasonOfSetting(key: string, tunName: string): string {
	if (key === forwardingKey("ipv6", "all"))
		return `before Linux 6.17 IPv6 is forwarded by all interfaces or none ${OUR_MARK}`;
	const [, , , interfaceName = ""] = key.split("/");
	const family = key.startsWith("net/ipv4/") ? "IPv4" : "IPv6";
	if (key === acceptRaKey(interfaceName))
		return `keeps the router advertisements of ${interfaceName} honoured while IPv6 is forwarded`;
	if (interfaceName === tunName)
		return `packets from the TUN may leave this host (${family})`;
	const mark = key.endsWith("/forwarding") ? ` ${OUR_MARK}` : "";
	return `packets that arrive on ${interfaceName} may reach the TUN (${family})${mark}`;
}
