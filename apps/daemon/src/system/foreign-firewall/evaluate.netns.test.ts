// The evaluation against the kernel: random rulesets, and a TCP connection that gets through or does not.

import { type ChildProcess, spawn } from "node:child_process";
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
	createNamespace,
	deleteNamespace,
	type Namespace,
	whyNoNamespaces,
} from "../testing/namespaces.js";
import { readHostRuleset } from "./host-ruleset.js";
import { findObstacles } from "./obstacles.js";
import { randomRuleset } from "./testing/random-ruleset.js";
import type { TunnelPlace } from "./tunnel-packet.js";

const REASON = whyNoNamespaces();
if (REASON !== null)
	console.log(`skipped: foreign firewalls against the kernel: ${REASON}`);

const RULESETS = 40;
const TIME_LIMIT_MS = 120_000;

/** A peer of the TUN (192.168.200.2) – host – a server (198.18.9.2), with our masquerade between. */
let inside: Namespace;
let host: Namespace;
let outside: Namespace;
let echo: ChildProcess;

const PLACE: TunnelPlace = {
	tunName: "tunc0",
	peer4: "192.168.200.2",
	peer6: null,
	interfaces: { ipv4: ["eth0"], ipv6: [] },
	endpoint: {
		role: "client",
		servers: [{ family: 4, address: "198.18.9.2", port: 4_567 }],
	},
};

const OWN_TABLE = `table inet tunscope_test {
	chain postrouting { type nat hook postrouting priority srcnat; ip saddr 192.168.200.2 oifname "eth0" masquerade; }
}
`;

const ECHO_SERVER = `
import socketserver
class Echo(socketserver.BaseRequestHandler):
    def handle(self):
        self.request.settimeout(2)
        self.request.sendall(self.request.recv(100))
class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    def handle_error(self, request, address): pass
Server(("198.18.9.2", 4567), Echo).serve_forever()
`;

const CONNECT = `
import socket
s = socket.socket()
s.settimeout(0.35)
try:
    s.connect(("198.18.9.2", 4567))
    s.sendall(b"x" * 20)
    print("through" if s.recv(100) else "closed")
except OSError as error:
    print("stopped")
`;

/** False when the kernel does not take a condition in that hook. */
function load(rules: string): boolean {
	try {
		host.shell(`nft -f - <<'END'\nflush ruleset\n${OWN_TABLE}${rules}\nEND`);
		return true;
	} catch {
		return false;
	}
}

function isThrough(): boolean {
	return (
		inside.shell(`python3 - <<'END'\n${CONNECT}\nEND`).trim() === "through"
	);
}

describe.skipIf(REASON !== null)("what is said about a ruleset", () => {
	beforeAll(async () => {
		[inside, host, outside] = [
			createNamespace("ev-in"),
			createNamespace("ev-host"),
			createNamespace("ev-out"),
		];
		const join = (name: string, other: Namespace, net: string) => {
			const [own, its] = [`${net}.1`, `${net}.2`];
			host.shell(
				`ip link add ${name} type veth peer name n0 netns ${other.name} && ip address add ${own}/24 dev ${name} && ip link set ${name} up && sysctl -qw net.ipv4.conf.${name}.forwarding=1`,
			);
			other.shell(
				`ip address add ${its}/24 dev n0 && ip link set n0 up && ip route add default via ${own}`,
			);
		};
		join("tunc0", inside, "192.168.200");
		join("eth0", outside, "198.18.9");
		host.shell("ip link set tunc0 group 29779");
		echo = spawn(
			"ip",
			["netns", "exec", outside.name, "python3", "-c", ECHO_SERVER],
			{ stdio: "ignore" },
		);
		host.shell(`nft -f - <<'END'\n${OWN_TABLE}\nEND`);
		for (let attempt = 0; !isThrough(); attempt += 1) {
			if (attempt > 40) throw new Error("nothing passes without rules");
			await delay(100);
		}
	});
	afterAll(() => {
		echo.kill("SIGKILL");
		for (const { name } of [inside, host, outside]) deleteNamespace(name);
	});

	it(
		`is what the kernel does, ${RULESETS} rulesets`,
		async () => {
			const tally = { passes: 0, stopped: 0, perhaps: 0 };
			const loaded = () => tally.passes + tally.stopped + tally.perhaps;
			for (let seed = 1; loaded() < RULESETS; seed += 1) {
				const rules = randomRuleset(seed);
				if (!load(rules)) continue;
				const ruleset = await readHostRuleset(host.run);
				const own = { name: "tunscope_test", natPriority: -100 };
				const obstacles = findObstacles(ruleset, PLACE, own);
				const isCertain = obstacles.some((obstacle) => obstacle.isCertain);
				const verdict =
					obstacles.length === 0 ? "passes" : isCertain ? "stopped" : "perhaps";
				tally[verdict] += 1;
				if (verdict === "perhaps") continue;
				expect(
					isThrough() ? "passes" : "stopped",
					`seed ${seed}:\n${rules}`,
				).toBe(verdict);
			}
			console.log(`rulesets by verdict: ${JSON.stringify(tally)}`);
			expect(Math.min(tally.passes, tally.stopped)).toBeGreaterThan(
				RULESETS / 6,
			);
			expect(tally.perhaps).toBeLessThan(RULESETS / 6);
		},
		TIME_LIMIT_MS,
	);
});
