// Remembers from one start to the next which TUN name and addresses each tunnel of a configuration file has.

import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TunnelConfig, tunnelConfigSchema } from "@tunscope/shared";
import { isJsonObject } from "../config/json-value.js";

type Tun = TunnelConfig["tun"];

const FILE_NAME = "tuns.json";
const tunSchema = tunnelConfigSchema.shape.tun;

export interface TunMemoryOptions {
	/** Folder of the state; made when it is needed. */
	readonly directory: string;
	/** Absolute: two files may have tunnels of the same name. */
	readonly configPath: string;
	/** A sentence for the operator, when the memory fails; tunnels run without it. */
	readonly onNotice: (message: string) => void;
}

export class TunMemory {
	readonly #options: TunMemoryOptions;
	readonly #path: string;
	/** By configuration file, then by tunnel. */
	readonly #files: Map<string, Map<string, Tun>>;

	constructor(options: TunMemoryOptions) {
		this.#options = options;
		this.#path = join(options.directory, FILE_NAME);
		this.#files = this.#read();
	}

	/** Null for a tunnel that has not run before. */
	recall(tunnelName: string): Tun | null {
		return this.#own().get(tunnelName) ?? null;
	}

	/** Exactly these from now on, written to disk where that changes anything. */
	replace(tuns: ReadonlyMap<string, Tun>): void {
		const before = JSON.stringify([...this.#own()]);
		if (JSON.stringify([...tuns]) === before) return;
		this.#files.set(this.#options.configPath, new Map(tuns));
		this.#write();
	}

	remember(tunnelName: string, tun: Tun): void {
		this.replace(new Map([...this.#own(), [tunnelName, tun]]));
	}

	#own(): ReadonlyMap<string, Tun> {
		return this.#files.get(this.#options.configPath) ?? new Map();
	}

	#read(): Map<string, Map<string, Tun>> {
		try {
			return parseMemory(JSON.parse(readFileSync(this.#path, "utf8")));
		} catch (error) {
			const isMissing =
				error instanceof Error && "code" in error && error.code === "ENOENT";
			if (!isMissing) this.#notice("read", error);
			return new Map();
		}
	}

	#write(): void {
		const { directory } = this.#options;
		const files = Object.fromEntries(
			[...this.#files].map(([path, tuns]) => [path, Object.fromEntries(tuns)]),
		);
		const text = `${JSON.stringify({ version: 1, files }, null, "\t")}\n`;
		try {
			mkdirSync(directory, { recursive: true, mode: 0o755 });
			writeFileSync(`${this.#path}.new`, text, { mode: 0o644 });
			renameSync(`${this.#path}.new`, this.#path);
		} catch (error) {
			this.#notice("written", error);
		}
	}

	#notice(verb: "read" | "written", error: unknown): void {
		const reason = error instanceof Error ? error.message : String(error);
		this.#options.onNotice(
			`The memory of TUN names and addresses, ${this.#path}, cannot be ${verb} (${reason}): tunnels may get others at the next start. Make its folder writable, or choose another with --state-dir.`,
		);
	}
}

/** What is not as this version writes it is forgotten: the worst that follows is another free address. */
function parseMemory(value: unknown): Map<string, Map<string, Tun>> {
	const files = isJsonObject(value) ? value.files : null;
	if (!isJsonObject(files)) return new Map();
	return new Map(
		Object.entries(files).map(([path, tuns]) => [path, parseTuns(tuns)]),
	);
}

function parseTuns(value: unknown): Map<string, Tun> {
	if (!isJsonObject(value)) return new Map();
	return new Map(
		Object.entries(value).flatMap(([tunnelName, tun]) => {
			const parsed = tunSchema.safeParse(tun);
			return parsed.success ? [[tunnelName, parsed.data]] : [];
		}),
	);
}
