// The double as a program: `node main.js client|server` with stock's flags; makes its TUN and gives it addresses as stock does.

import { execFileSync } from "node:child_process";
import { type DoubleOptions, parseDoubleOptions } from "./double-options.js";
import { openPlainTun } from "./plain-tun.js";
import { startStockClient } from "./stock-client.js";
import { emitStockSegment, readAsStock } from "./stock-segment.js";
import { startStockServer } from "./stock-server.js";
import { StockStack } from "./stock-stack.js";

const TICK_MS = 10;

function configureTun(name: string, options: DoubleOptions): void {
	const { 4: v4, 6: v6 } = options.addresses;
	const lines = [
		`addr add ${v4.local} peer ${v4.peer} dev ${name}`,
		`link set ${name} up`,
		// A peer given before the link is up leaves no route (wire.md 4.10).
		`addr add ${v6.local} peer ${v6.peer} dev ${name} nodad`,
	];
	execFileSync("ip", ["-batch", "-"], { input: `${lines.join("\n")}\n` });
}

function main(): void {
	const options = parseDoubleOptions(process.argv.slice(2));
	const tun = openPlainTun(options.tunName, (packet) => {
		const segment = readAsStock(packet);
		if (segment !== null) stack.receive(segment, performance.now());
	});
	configureTun(tun.name, options);
	const start = options.role === "client" ? startStockClient : startStockServer;
	const application = start(options, () => stack);
	const listening = options.role === "server" ? [options.local.port] : [];
	const stack = new StockStack(
		{
			...application,
			transmit: (segment) => {
				tun.write(emitStockSegment(segment));
			},
		},
		listening,
	);
	setInterval(() => stack.tick(performance.now()), TICK_MS);
	process.stdout.write(`${options.role} ready on ${tun.name}\n`);
}

main();
