// Ways to end a process or a worker while the addon has things open; each is run in a child of its own.

import { setImmediate as nextTurn } from "node:timers/promises";
import { parentPort, Worker } from "node:worker_threads";
import { TunError } from "../errors.js";
import { createNativePacketIo } from "../native/native-packet-io.js";
import { countDescriptors, openEverything } from "./open-everything.js";

const ROUNDS = 100;
const WORKERS = 8;
const TURNS_BEFORE_END = 5;
const program = new URL("./life-cycle-main.js", import.meta.url);

/** The first descriptor counts include what Node opens late, so things are opened once before. */
async function settledDescriptors(): Promise<number> {
	openEverything().close();
	await nextTurn();
	await nextTurn();
	return countDescriptors();
}

function reportDescriptors(before: number): void {
	console.log(JSON.stringify({ before, after: countDescriptors() }));
}

/** Runs until the worker says that its datagrams go round. */
function startWorker(
	scenario: "worker-runs" | "worker-exits",
): Promise<Worker> {
	const worker = new Worker(program, { argv: [scenario] });
	return new Promise((resolve, reject) => {
		worker.once("message", () => resolve(worker));
		worker.once("error", reject);
	});
}

function ended(worker: Worker): Promise<number> {
	return new Promise((resolve) => worker.once("exit", resolve));
}

/** Node keeps a descriptor of its own from the first worker on. */
async function settledAfterWorker(): Promise<number> {
	await ended(await startWorker("worker-exits"));
	return await settledDescriptors();
}

function postToParent(): void {
	parentPort?.postMessage("running");
}

function runTurns(onEnd: () => void): void {
	const everything = openEverything();
	let turns = 0;
	everything.start(() => {
		turns += 1;
		if (turns === TURNS_BEFORE_END) {
			onEnd();
		}
	});
}

export const SCENARIOS = {
	/** Everything is closed, some of it twice: the process ends by itself. */
	closed: () => {
		const everything = openEverything();
		let turns = 0;
		everything.start(() => {
			turns += 1;
			if (turns === TURNS_BEFORE_END) {
				everything.close();
				everything.close();
			}
		});
	},
	/** process.exit with everything open, out of the poller's own callback. */
	"exit-open": () => runTurns(() => process.exit(0)),
	/** An exception out of the poller's callback ends the process as any other. */
	"throw-open": () =>
		runTurns(() => {
			throw new Error("thrown on purpose");
		}),
	"many-rounds": async () => {
		const before = await settledDescriptors();
		for (let round = 0; round < ROUNDS; round += 1) {
			openEverything().close();
		}
		await nextTurn();
		await nextTurn();
		reportDescriptors(before);
	},
	"terminate-workers": async () => {
		const before = await settledAfterWorker();
		const running = Array.from({ length: WORKERS }, () =>
			startWorker("worker-runs"),
		);
		for (const worker of await Promise.all(running)) {
			await worker.terminate();
		}
		reportDescriptors(before);
	},
	"exit-workers": async () => {
		const before = await settledAfterWorker();
		for (let count = 0; count < WORKERS; count += 1) {
			await ended(await startWorker("worker-exits"));
		}
		reportDescriptors(before);
	},
	"exit-with-workers": async () => {
		await Promise.all([startWorker("worker-runs"), startWorker("worker-runs")]);
		process.exit(0);
	},
	/** In a worker: says so, and goes on until it is terminated. */
	"worker-runs": () => runTurns(() => postToParent()),
	/** In a worker: says so, and exits from the poller's callback. */
	"worker-exits": () =>
		runTurns(() => {
			postToParent();
			process.exit(0);
		}),
	/** With few descriptors: the error has its code, and one closed socket makes room for another. */
	"few-descriptors": () => {
		const io = createNativePacketIo();
		const arena = new Uint8Array(1);
		const bind = { family: 4, address: "127.0.0.1", port: 0 } as const;
		const sockets = [io.openUdp({ arena, bind })];
		try {
			for (;;) {
				sockets.push(io.openUdp({ arena, bind }));
			}
		} catch (error) {
			console.log(error instanceof TunError ? error.code : error);
		}
		sockets.pop()?.close();
		sockets.push(io.openUdp({ arena, bind }));
	},
	/** As another user: TUN devices are not for it. */
	"without-privilege": () => {
		process.setuid?.(65_534);
		try {
			createNativePacketIo().openTun({ arena: new Uint8Array(1) });
		} catch (error) {
			console.log(error instanceof TunError ? error.code : error);
		}
	},
	/** Without the addon: one sentence, and what to run. */
	"without-addon": () => {
		try {
			createNativePacketIo();
		} catch (error) {
			const isOurs = error instanceof TunError;
			console.log(isOurs ? `${error.code} ${error.whatToDo}` : error);
		}
	},
} as const;

export type ScenarioName = keyof typeof SCENARIOS;

export function isScenarioName(name: string): name is ScenarioName {
	return name in SCENARIOS;
}
