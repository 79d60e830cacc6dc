// What a kind of host is: how it is made before our start, in which role it is tried, and what is expected of us there.

import type { Lab, LabHost } from "../netlab/lab.js";

export type Role = "client" | "server";
export const ROLES: readonly Role[] = ["client", "server"];

/** The host that is made special, in a lab whose other host is plain. */
export interface HostPlace {
	readonly lab: Lab;
	readonly role: Role;
	readonly host: LabHost;
}

/**
 * "by itself": the tunnel works after the start. "after the printed fix": it does not, the daemon says why and prints
 * commands, and with these it works.
 */
export type Expectation = "by itself" | "after the printed fix";

export interface HostKind {
	/** First column of docs/hosts.md. */
	readonly name: string;
	/** What such a host has, for docs/hosts.md. */
	readonly about: string;
	readonly expected: Readonly<Record<Role, Expectation>>;
	/** Where a fix is expected: what the daemon's sentence must name. */
	readonly cause?: Readonly<Record<Role, RegExp>>;
	/** @returns what ends it, when something must be ended that a namespace does not take with it. */
	make(place: HostPlace): Promise<void>;
}

export function placeOf(lab: Lab, role: Role): HostPlace {
	return { lab, role, host: lab[role] };
}
