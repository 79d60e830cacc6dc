// `tunscope up`: all tunnels of a configuration file, and the file again at SIGHUP.

import { resolve } from "node:path";
import { ConfigFileError } from "../config/config-file-error.js";
import type { Environment } from "../config/environment.js";
import {
	type LoadedConfig,
	loadConfigFile,
} from "../config/load-config-file.js";
import type { Instance } from "../instance/instance.js";
import { lookAround } from "../instance/look-around.js";
import { planTuns, withoutTuns } from "../instance/plan-tuns.js";
import type { Logger } from "../observability/logger.js";
import type { TunMemory } from "../storage/tun-memory.js";
import { runCommand } from "../system/run-command.js";
import { toFailure } from "../tunnel/failure.js";
import { Display } from "./display.js";
import type { ExitCode } from "./exit-codes.js";
import type { FileQuestion } from "./file-commands.js";
import { runInstance } from "./run-instance.js";
import { openTunMemory } from "./state-directory.js";

type UpQuestion = Extract<FileQuestion, { readonly kind: "up" }>;

/** @throws ConfigFileError, SystemError when nothing could be started */
export async function runUp(
	question: UpQuestion,
	environment: Environment,
	version: string,
): Promise<ExitCode> {
	const config = loadConfigFile(question.configPath);
	const display = await Display.create({
		flags: {
			logLevel: question.logLevel ?? config.logLevel,
			json: question.json,
			anomalies: question.anomalies,
		},
		tunnels: "several",
		environment,
		version,
		terminal: process.stdout,
		errors: process.stderr,
	});
	const { logger } = display;
	const memory = openTunMemory(question, { environment, config }, (message) =>
		logger.warn({ event: "state" }, message),
	);
	await plan(config, memory, new Set());
	const reload = new Reload(question.configPath, memory, logger);
	return runInstance({
		display,
		environment,
		version,
		requests: config.requests,
		isRetried: true,
		tuns: memory,
		configPath: resolve(question.configPath),
		onHangUp: (instance) => void reload.run(instance),
	});
}

/** Fixes names and addresses in the file's order, so that they do not hang on which tunnel is faster. */
async function plan(
	config: LoadedConfig,
	memory: TunMemory,
	ownTuns: ReadonlySet<string>,
): Promise<void> {
	const occupancy = withoutTuns(await lookAround(runCommand, []), ownTuns);
	const tuns = planTuns(config.requests, occupancy, (name) =>
		memory.recall(name),
	);
	memory.replace(tuns);
}

class Reload {
	readonly #path: string;
	readonly #memory: TunMemory;
	readonly #logger: Logger;
	/** One after another: a plan must know what the one before has made. */
	#queue: Promise<void> = Promise.resolve();

	constructor(path: string, memory: TunMemory, logger: Logger) {
		this.#path = path;
		this.#memory = memory;
		this.#logger = logger;
	}

	/** Never rejects. */
	run(instance: Instance): Promise<void> {
		this.#queue = this.#queue.then(() =>
			this.#reload(instance).catch((error: unknown) => this.#refuse(error)),
		);
		return this.#queue;
	}

	async #reload(instance: Instance): Promise<void> {
		const config = loadConfigFile(this.#path);
		const descriptions = instance.describe(performance.now());
		const ownTuns = new Set(descriptions.map(({ tunName }) => tunName));
		await plan(config, this.#memory, ownTuns);
		const change = await instance.apply(config.requests);
		const parts = Object.entries(change).flatMap(([what, names]) =>
			names.length === 0 ? [] : [`${what}: ${names.join(", ")}`],
		);
		this.#logger.info(
			{ event: "reloaded", ...change },
			`SIGHUP: ${this.#path} read again (${parts.join("; ")})`,
		);
	}

	#refuse(error: unknown): void {
		const { code, message, whatToDo } = toFailure(error);
		const problems =
			error instanceof ConfigFileError ? error.problems : [message];
		for (const problem of problems)
			this.#logger.error({ event: "reload-refused", code }, problem);
		this.#logger.error(
			{ event: "reload-refused", code, whatToDo },
			`SIGHUP: nothing was changed, all tunnels run on. ${whatToDo}`,
		);
	}
}
