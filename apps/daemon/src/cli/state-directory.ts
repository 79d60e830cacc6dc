// Where it is remembered which TUN each tunnel of a file has: the flag goes first, then the environment, then the file.

import { resolve } from "node:path";
import type { Environment } from "../config/environment.js";
import type { LoadedConfig } from "../config/load-config-file.js";
import { TunMemory } from "../storage/tun-memory.js";
import type { FilePaths } from "./file-commands.js";

const DEFAULT_STATE_DIRECTORY = "/var/lib/tunscope";

export function openTunMemory(
	{ configPath, stateDirectory }: FilePaths,
	known: { readonly environment: Environment; readonly config: LoadedConfig },
	onNotice: (message: string) => void,
): TunMemory {
	return new TunMemory({
		directory: resolve(
			stateDirectory ??
				known.environment.stateDirectory ??
				known.config.stateDirectory ??
				DEFAULT_STATE_DIRECTORY,
		),
		configPath: resolve(configPath),
		onNotice,
	});
}
