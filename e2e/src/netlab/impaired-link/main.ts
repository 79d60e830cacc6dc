// The link as a program: `node main.js '<JSON>'` joins two TUNs, obeys lines on its standard input, ends when that closes.

import { createLineSplitter } from "../line-splitter.js";
import {
	type LinkConfig,
	linkCommandSchema,
	linkConfigSchema,
} from "./link-config.js";
import { LinkDirection } from "./link-direction.js";
import type { LinkLine } from "./link-ledger.js";
import { openRawTun, type RawTun } from "./raw-tun.js";

function print(line: LinkLine): void {
	process.stdout.write(`${JSON.stringify(line)}\n`);
}

function nowUs(): number {
	return performance.now() * 1000;
}

class Link {
	readonly #up: LinkDirection;
	readonly #down: LinkDirection;
	readonly #tuns: readonly RawTun[];
	#timer: NodeJS.Timeout | null = null;

	constructor(config: LinkConfig) {
		const { seed } = config;
		this.#up = new LinkDirection({
			direction: "up",
			seed,
			watch: config.watchUp,
			emit: (packet) => server.write(packet),
		});
		this.#down = new LinkDirection({
			direction: "down",
			seed,
			watch: config.watchDown,
			emit: (packet) => client.write(packet),
		});
		const onBatch = () => this.#release();
		const client = openRawTun(
			config.client,
			(packet) => this.#up.enter(packet, nowUs()),
			onBatch,
		);
		const server = openRawTun(
			config.server,
			(packet) => this.#down.enter(packet, nowUs()),
			onBatch,
		);
		this.#tuns = [client, server];
		this.#up.set(config.up, nowUs());
		this.#down.set(config.down, nowUs());
	}

	obey(text: string): void {
		const order = linkCommandSchema.parse(JSON.parse(text));
		if (order.command === "set") {
			if (order.up !== undefined) this.#up.set(order.up, nowUs());
			if (order.down !== undefined) this.#down.set(order.down, nowUs());
			print({ event: "set", id: order.id });
			return;
		}
		print({
			event: "ledger",
			id: order.id,
			up: this.#up.ledger(),
			down: this.#down.ledger(),
		});
	}

	close(): void {
		if (this.#timer !== null) clearTimeout(this.#timer);
		for (const tun of this.#tuns) tun.close();
	}

	#release(): void {
		const now = nowUs();
		this.#up.release(now);
		this.#down.release(now);
		if (this.#timer !== null) clearTimeout(this.#timer);
		this.#timer = null;
		const next = Math.min(this.#up.nextReleaseUs, this.#down.nextReleaseUs);
		if (next === Number.POSITIVE_INFINITY) return;
		// Timers are good to a millisecond; so is the link.
		const waitMs = Math.max(1, Math.round((next - now) / 1000));
		this.#timer = setTimeout(() => this.#release(), waitMs);
	}
}

const link = new Link(
	linkConfigSchema.parse(JSON.parse(process.argv[2] ?? "")),
);
process.stdin.setEncoding("utf8");
process.stdin.on(
	"data",
	createLineSplitter((line) => link.obey(line)),
);
process.stdin.on("end", () => link.close());
print({ event: "ready" });
