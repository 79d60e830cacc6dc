// What a kind of host is: how it is made before our start, in which role it is tried, and what is expected of us there.

import type { Lab, LabHost } from "../netlab/lab.js";
import type { Family } from "../netlab/tunnel-options.js";

export type Role = "client" | "server";
export const ROLES: readonly Role[] = ["client", "server"];

/** The host that is made special, in a lab whose other host is plain. */
export interface HostPlace {
	readonly lab: Lab;
	readonly role: Role;
	readonly host: LabHost;
}

/** Where the daemon must say what is in the way: the cause in its words, and the commands, exactly as printed. */
export interface ExpectedFix {
	readonly cause: RegExp;
	/** By the outer family, IPv4 first; empty when the commands before have helped both. */
	readonly commands: Readonly<Record<Family, readonly string[]>>;
}

export interface HostKind {
	/** First column of docs/hosts.md. */
	readonly name: string;
	/** What such a host has, for docs/hosts.md. */
	readonly about: string;
	/** Null: the tunnel works by itself. Else it does not, the daemon says why and how, and with that it works. */
	readonly fix: Readonly<Record<Role, ExpectedFix | null>>;
	/** Everything it leaves behind goes with the namespace. */
	make(place: HostPlace): Promise<void>;
}

export function placeOf(lab: Lab, role: Role): HostPlace {
	return { lab, role, host: lab[role] };
}
