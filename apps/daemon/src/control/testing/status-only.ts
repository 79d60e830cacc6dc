// A control socket's answers where only the status matters, for tests.

import type { InstanceDescription } from "@tunscope/shared/lean";
import type { Respond } from "../serve-connection.js";

export function statusOnly(
	describe: () => Promise<InstanceDescription>,
): Respond {
	return async () => ({ answer: await describe(), body: null });
}
