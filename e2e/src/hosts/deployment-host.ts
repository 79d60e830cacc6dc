// Where a test copies README's commands to: a lab host with a name for the other one, and folders in place of the machine's.

import {
	mkdirSync,
	readFileSync,
	rmdirSync,
	rmSync,
	writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { registerCleanup } from "../netlab/cleanup.js";
import type { Lab } from "../netlab/lab.js";
import { type LabProcess, startInNamespace } from "../netlab/lab-process.js";
import { runCommand } from "../netlab/run-command.js";
import type { Role } from "./host-kind.js";
import { CLONE } from "./readme-section.js";

const READY_LIMIT_MS = 10_000;
/** ip-netns(8): what lies here under a namespace's name replaces files of /etc inside. */
const FILES_OF_NAMESPACES = "/etc/netns";

export interface Installation {
	/** A line of the README, with the folders of this host: the rest of it stays as it is. */
	here(command: string): string;
	/** Runs a line to its end on the machine itself, e.g. one that writes a file. */
	write(command: string): Promise<void>;
	/** Runs a line to its end on the lab's host. @returns its output */
	run(lab: Lab, command: string): Promise<string>;
	/** Starts a line that runs until it is stopped, and waits until its tunnel runs. */
	start(lab: Lab, command: string): Promise<LabProcess>;
	/** A file that the README names by its place on a machine. */
	read(path: string): string;
}

/**
 * What the README says may differ is where the clone is; the other places are those outside of it that a test must
 * not write to.
 * @param folder an empty one.
 */
export function makeInstallation(folder: string, role: Role): Installation {
	const own = join(folder, role);
	for (const name of ["bin", "units"])
		mkdirSync(join(own, name), { recursive: true });
	const here = (command: string) =>
		command
			.replaceAll("/opt/tunscope/", CLONE)
			.replaceAll("/opt/tunscope", CLONE)
			.replaceAll("/usr/local/bin", join(own, "bin"))
			.replaceAll("/etc/systemd/system", join(own, "units"))
			.replaceAll("/etc/tunscope", join(own, "configuration"));
	const argv = (command: string) => [
		"env",
		`PATH=${join(own, "bin")}:${process.env.PATH ?? ""}`,
		`TUNSCOPE_STATE_DIR=${join(own, "state")}`,
		...["sh", "-c", here(command)],
	];
	return {
		here,
		write: async (command) => {
			await runCommand(argv(command));
		},
		run: (lab, command) => lab[role].namespace.run(argv(command)),
		start: async (lab, command) => {
			const running = startInNamespace(lab[role].namespace, {
				// "exec", so that a signal reaches it as Ctrl-C of a terminal does.
				argv: argv(`exec ${command}`),
			});
			await running.waitForOutput(/the tunnel is running/, READY_LIMIT_MS);
			return running;
		},
		read: (path) => readFileSync(here(path), "utf8"),
	};
}

function removeIfEmpty(directory: string): void {
	try {
		rmdirSync(directory);
	} catch {
		// Somebody else has put something there in the meantime.
	}
}

/** A name that the lab's client knows: `ip netns exec` puts this file over /etc/hosts. */
export async function withServerExample(
	{ client, server }: Lab,
	body: () => Promise<void>,
): Promise<void> {
	const own = join(FILES_OF_NAMESPACES, client.namespace.name);
	const isFirst = mkdirSync(own, { recursive: true }) === FILES_OF_NAMESPACES;
	const forget = () => {
		rmSync(own, { recursive: true, force: true });
		if (isFirst) removeIfEmpty(FILES_OF_NAMESPACES);
	};
	const unregister = registerCleanup(forget);
	writeFileSync(join(own, "hosts"), `${server.address4} server.example\n`);
	try {
		await body();
	} finally {
		forget();
		unregister();
	}
}
