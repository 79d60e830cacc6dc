// One process at a time works on the host-state record of a network namespace; the kernel frees the lock of a dead one.

import { createHash } from "node:crypto";
import { createServer, type Server } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { errnoNameOf, SystemError } from "./system-error.js";

const RETRY_MS = 20;
/** Holders run a few `nft` and `ip` commands. */
const LOCK_TIME_LIMIT_MS = 5_000;

/**
 * Runs `work` while no other process of this network namespace holds the lock of the same name.
 *
 * The lock is an abstract Unix socket address: the kernel gives it to one holder per network namespace, and takes
 * it back when the holder dies, however it dies. A lock file would need stale owners to be judged.
 * @throws SystemError STATE_LOCK_TIMEOUT
 */
export async function withHostStateLock<Result>(
	name: string,
	work: () => Promise<Result>,
	timeLimitMs = LOCK_TIME_LIMIT_MS,
): Promise<Result> {
	const holder = await acquire(name, timeLimitMs);
	try {
		return await work();
	} finally {
		await new Promise<void>((resolve) => holder.close(() => resolve()));
	}
}

async function acquire(name: string, timeLimitMs: number): Promise<Server> {
	// sun_path holds 108 bytes, a directory name may be longer.
	const digest = createHash("sha256").update(name).digest("hex");
	const deadlineMs = performance.now() + timeLimitMs;
	for (;;) {
		const server = await listen(`\0tunscope-host-state-${digest}`);
		if (server !== null) return server;
		if (performance.now() > deadlineMs) {
			throw new SystemError({
				code: "STATE_LOCK_TIMEOUT",
				message: `Another tunscope has been changing this host's set-up for more than ${timeLimitMs} ms.`,
				whatToDo: "Look for a stopped or hanging tunscope process and end it.",
			});
		}
		await delay(RETRY_MS);
	}
}

function listen(path: string): Promise<Server | null> {
	return new Promise((resolve, reject) => {
		const server = createServer((connection) => connection.destroy());
		server.once("error", (error) =>
			errnoNameOf(error) === "EADDRINUSE" ? resolve(null) : reject(error),
		);
		server.listen(path, () => resolve(server));
	});
}
