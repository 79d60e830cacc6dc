// Puts one recorded kernel setting back, unless it is no longer ours to put back.

import { forwardingKey } from "./forwarding-plan.js";
import type { SysctlRow } from "./host-state.js";
import type { Link } from "./links.js";
import { type SysctlFiles, sysctlName } from "./sysctl-files.js";

/** True while conf.all.forwarding of the family is on. */
export function isAllForwardingOn(
	sysctls: SysctlFiles,
	family: SysctlRow["family"],
): boolean {
	return sysctls.read(forwardingKey(family, "all")) === "1";
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
	if (present !== row.ours) {
		return `${name} was ${row.before}, tunscope set it to ${row.ours}, and somebody has set it to ${present} since: left alone.`;
	}
	if (isTakenOverByAllForwarding(row, sysctls)) {
		return `${name} stays ${present}: forwarding has been switched on for all interfaces since, so the value is no longer tunscope's.`;
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

/** Writing conf.all.forwarding=1 sets every interface to 1, so "still 1" does not mean "still ours" (wire.md 4.12). */
export function isTakenOverByAllForwarding(
	row: SysctlRow,
	sysctls: SysctlFiles,
): boolean {
	const isPerInterfaceForwarding =
		row.interfaceName !== null &&
		row.key === forwardingKey(row.family, row.interfaceName);
	return (
		isPerInterfaceForwarding &&
		!row.wasAllForwardingOn &&
		isAllForwardingOn(sysctls, row.family)
	);
}
