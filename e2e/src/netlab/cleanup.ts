// What must be undone whatever happens: kept in a stack, run at the end, on signals and at exit.

type Undo = () => void;

const pending = new Map<symbol, Undo>();
let areHooksInstalled = false;
let hasSignalHooks = true;

/**
 * Registers a synchronous undo step.
 * @returns a function that takes it off the list again without running it (the thing was undone properly).
 */
export function registerCleanup(undo: Undo): () => void {
	installHooks();
	const key = Symbol("cleanup");
	pending.set(key, undo);
	return () => pending.delete(key);
}

/** For a program that ends in order on a signal by itself. Call it before the first registration. */
export function leaveSignalsToProgram(): void {
	hasSignalHooks = false;
}

/** Runs everything that is registered, newest first. */
export function runCleanups(): void {
	for (const [key, undo] of [...pending].reverse()) {
		pending.delete(key);
		undo();
	}
}

function installHooks(): void {
	if (areHooksInstalled) return;
	areHooksInstalled = true;
	process.on("exit", runCleanups);
	if (!hasSignalHooks) return;
	for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
		process.once(signal, () => {
			runCleanups();
			// Die of the same signal, so that whoever started us sees the true reason.
			process.kill(process.pid, signal);
		});
	}
}
