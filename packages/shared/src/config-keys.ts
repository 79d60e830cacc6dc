// Every key of the configuration file with its description, for documentation and its tests.

import { TOP_KEY_SCHEMAS } from "./config-file.js";
import { descriptionOf, type KeyDescription } from "./config-file-setting.js";
import { TUNNEL_KEY_SCHEMAS } from "./config-file-tunnel.js";

export interface ConfigKey extends KeyDescription {
	readonly key: string;
}

/** Above the tunnels, and in a tunnel; in the order of the documentation. */
export const CONFIG_KEYS: {
	readonly top: readonly ConfigKey[];
	readonly tunnel: readonly ConfigKey[];
} = { top: keysOf(TOP_KEY_SCHEMAS), tunnel: keysOf(TUNNEL_KEY_SCHEMAS) };

function keysOf(schemas: typeof TUNNEL_KEY_SCHEMAS): readonly ConfigKey[] {
	return Object.entries(schemas).map(([key, schema]) => ({
		key,
		...descriptionOf(schema),
	}));
}
