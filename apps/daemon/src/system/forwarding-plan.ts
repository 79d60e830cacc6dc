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
	readonly family: AddressFamily;
	/** The interface it belongs to; null for a setting of the whole host. */
	readonly interfaceName: string | null;
	/** A setting of our own TUN ends with the TUN: nothing to record, nothing to restore. */
	readonly isOfOurTun: boolean;
	/** Switching it on makes the host forward; a guard has to hold that back for everything but our TUNs. */
	readonly needsGuard: boolean;
	readonly why: string;
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
		...keepRouterAdvertisements(sysctls),
		{
			key: forwardingKey("ipv6", "all"),
			wanted: "1",
			family: "ipv6",
			interfaceName: null,
			isOfOurTun: false,
			needsGuard: true,
			why: "before Linux 6.17 IPv6 is forwarded by all interfaces or none",
		},
	];
}

// Forwarding makes the kernel ignore router advertisements where accept_ra is 1, which would lose the default route.
function keepRouterAdvertisements(sysctls: SysctlFiles): readonly SysctlWish[] {
	return sysctls
		.list("net/ipv6/conf")
		.filter((name) => name !== "all" && name !== "default" && name !== "lo")
		.map((name) => ({ name, key: `net/ipv6/conf/${name}/accept_ra` }))
		.filter(({ key }) => sysctls.read(key) === "1")
		.map(({ name, key }) => ({
			key,
			wanted: "2",
			family: "ipv6",
			interfaceName: name,
			isOfOurTun: false,
			needsGuard: false,
			why: `keeps the router advertisements of ${name} honoured while IPv6 is forwarded`,
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
		wanted: "1",
		family,
		interfaceName,
		isOfOurTun,
		needsGuard: !isOfOurTun,
		why: isOfOurTun
			? `packets from the TUN may leave this host (${family})`
			: `packets that arrive on ${interfaceName} may reach the TUN (${family})`,
	});
	return [
		wish(need.tunName, true),
		...need.interfaces[family].map((name) => wish(name, false)),
	];
}
