// Tells the socket of a running process from one that a dead process left behind.

import { connect } from "node:net";
import { openSocketAddress } from "../system/control-socket-files.js";
import { errnoNameOf } from "../system/system-error.js";

/** What the kernel answers where nobody listens any more. */
const DEAD: readonly (string | null)[] = ["ECONNREFUSED", "ENOENT"];

/** False only when certainly nobody listens. Process numbers would not tell: containers share folders, not numbers. */
export async function isAnswering(path: string): Promise<boolean> {
	const { address, release } = openSocketAddress(path);
	try {
		return await new Promise<boolean>((resolve) => {
			const probe = connect(address);
			probe.once("connect", () => {
				probe.destroy();
				resolve(true);
			});
			probe.once("error", (error) =>
				resolve(!DEAD.includes(errnoNameOf(error))),
			);
		});
	} finally {
		release();
	}
}
