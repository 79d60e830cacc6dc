// How to start the double: as the genuine program, with node in front.

import { fileURLToPath } from "node:url";
import type { StockLikeProgram } from "../netlab/stock-like-tunnel.js";

/** Built by tsc; sources and `dist` of this package lie equally deep. */
const ENTRY = fileURLToPath(
	new URL("../../dist/interop/double/main.js", import.meta.url),
);

export const doubleProgram: StockLikeProgram = {
	name: "double",
	clientArgv: [process.execPath, ENTRY, "client"],
	serverArgv: [process.execPath, ENTRY, "server"],
};
