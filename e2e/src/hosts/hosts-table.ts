// The tables of docs/hosts.md, made from what the lab tests hold the daemon to.

import type { HostKind, Role } from "./host-kind.js";
import { HOST_KINDS } from "./host-kinds.js";
import { SITUATIONS } from "./situations.js";

function row(...cells: readonly string[]): string {
	return `| ${cells.join(" | ")} |`;
}

function outcome({ fix }: HostKind, role: Role): string {
	return fix[role] === null ? "works by itself" : "says why and how";
}

/** One row per kind of host. */
export function hostTable(): string {
	return [
		row("host", "is", "as the client", "as the server"),
		row("---", "---", "---", "---"),
		...HOST_KINDS.map((kind) =>
			row(
				kind.name,
				kind.about,
				outcome(kind, "client"),
				outcome(kind, "server"),
			),
		),
	].join("\n");
}

export function situationTable(): string {
	return [
		row("what happens", "is", "and the tunnel"),
		row("---", "---", "---"),
		...SITUATIONS.map(({ name, about, outcome: end }) => row(name, about, end)),
	].join("\n");
}

/** The commands that the daemon prints, host by host. */
export function fixes(): string {
	return HOST_KINDS.flatMap(fixesOf).join("\n\n");
}

function fixesOf({ name, fix }: HostKind): string[] {
	return (["client", "server"] as const).flatMap((role) => {
		const expected = fix[role]?.commands;
		const commands = [...(expected?.[4] ?? []), ...(expected?.[6] ?? [])];
		if (commands.length === 0) return [];
		return [
			`${name}, as the ${role}:\n\n\`\`\`sh\n${commands.join("\n")}\n\`\`\``,
		];
	});
}
