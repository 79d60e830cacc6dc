// `phantun_client` and `phantun_server` as names of this command: a unit file made for Phantun keeps working with it.

import { basename } from "node:path";
import type { TunnelRole } from "@tunscope/shared/lean";
import type { Option } from "commander";

const ROLE_OF_NAME: Readonly<Record<string, TunnelRole>> = {
	phantun_client: "client",
	phantun_server: "server",
};

/** What such a name stands for. */
export interface PhantunName {
	readonly name: string;
	readonly role: TunnelRole;
}

/** @param path what was started, a link or not. @returns null for every other name */
export function phantunNameOf(path: string): PhantunName | null {
	const name = basename(path);
	const role = ROLE_OF_NAME[name];
	return role === undefined ? null : { name, role };
}

/** Such a host has its own rules already: ours would come on top of them. */
export function withPhantunDefaults(
	options: readonly Option[],
): readonly Option[] {
	for (const option of options)
		if (option.attributeName() === "hostSetup") option.default("off");
	return options;
}

/** The examples of a role as they are typed under this name. */
export function examplesUnder({ name, role }: PhantunName, examples: string) {
	return examples.replaceAll(`tunscope ${role}`, name);
}
