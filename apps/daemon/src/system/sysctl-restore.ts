// Puts one recorded kernel setting back, unless it is no longer ours to put back.

import { forwardingKey, OUR_FORWARDING } from "./forwarding-plan.js";
import type { SysctlRow } from "./host-state.js";
import type { Link } from "./links.js";
import { type SysctlFiles, sysctlName } from "./sysctl-files.js";

/** True while conf.all.forwarding of the family is on. */
export function isAllForwardingOn(
	sysctls: SysctlFiles,
	family: SysctlRow["family"],
): boolean {
	const present = sysctls.read(forwardingKey(family, "all"));
	return present !== null && present !== "0";
}

/**
 * Restores the value from before, when the present one is surely ours.
 * @returns a sentence when the setting was left as somebody else has it, or null.
 */
export function restoreSysctl(
	row: SysctlRow,
	sysctls: SysctlFiles,
	links: readonly Link[],
): string | null {
	if (hasInterfaceGone(row, links)) return null;
	const present = sysctls.read(row.key);
	if (present === null || present === row.before) return null;
	const name = sysctlName(row.key);
	if (isTakenOver(row, sysctls)) {
		return `${name} stays ${present}: somebody else has switched forwarding on since, so the value is no longer tunscope's.`;
	}
	if (present !== row.ours) {
		return `${name} was ${row.before}, tunscope set it to ${row.ours}, and somebody has set it to ${present} since: left alone.`;
	}
	if (protectsDefaultRoute(row, sysctls)) {
		return `${name} was ${row.before} and stays ${present}: this host forwards IPv6 by somebody else's wish, and would lose the default route that it has from router advertisements.`;
	}
	sysctls.write(row.key, row.before);
	for (const { key, before } of row.alsoOverwritten) sysctls.write(key, before);
	return null;
}

function hasInterfaceGone(row: SysctlRow, links: readonly Link[]): boolean {
	if (row.interfaceName === null) return false;
	const link = links.find(({ name }) => name === row.interfaceName);
	return link === undefined || link.identity !== row.interfaceIdentity;
}

/**
 * True when somebody else has switched on since what we had: the value shows it. What an earlier version wrote was 1,
 * which does not; but then writing conf.all.forwarding=1 sets every interface to 1, so "still 1" does not mean
 * "still ours" (wire.md 4.12).
 */
export function isTakenOver(row: SysctlRow, sysctls: SysctlFiles): boolean {
	if (row.key !== forwardingKey(row.family, row.interfaceName ?? "all"))
		return false;
	const present = sysctls.read(row.key);
	if (present === null || present === "0") return false;
	if (present !== row.ours) return true;
	return (
		row.ours !== OUR_FORWARDING &&
		row.interfaceName !== null &&
		!row.wasAllForwardingOn &&
		isAllForwardingOn(sysctls, row.family)
	);
}

/** Where IPv6 is forwarded, accept_ra=1 means that router advertisements are ignored. */
function protectsDefaultRoute(row: SysctlRow, sysctls: SysctlFiles): boolean {
	return (
		row.key.endsWith("/accept_ra") &&
		row.before === "1" &&
		isAllForwardingOn(sysctls, "ipv6")
	);
}
