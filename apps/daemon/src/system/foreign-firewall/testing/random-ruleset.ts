// Random nft rulesets over the things that firewalls ask for: for comparing the evaluation with the kernel.

/** mulberry32: the same rules for the same seed, everywhere. */
function randomOf(seed: number): () => number {
	let state = seed;
	return () => {
		state = (state + 0x6d2b79f5) | 0;
		let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
		mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
		return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
	};
}

const HOOKS = ["prerouting", "forward", "forward", "forward", "postrouting"];
const PRIORITIES = [-310, -150, -90, 0, 10, 120];
const HELPERS = ["one", "two", "three"];

/** Conditions that a packet between the TUN and eth0 may or may not meet; none depends on an ephemeral port. */
const CONDITIONS = [
	...['iifname "tunc0"', 'iifname "eth0"', 'iifname != "eth0"', 'iif "lo"'],
	...['iifname "tun*"', 'oifname "tunc0"', 'oifname { "eth0", "wg0" }'],
	...['oifname != "tunc0"', "oifgroup 29779", "iifgroup 0"],
	...["ct state new", "ct state established,related", "ct state invalid"],
	...["ct state { established, related }", "ct state != established"],
	...["ct direction reply", "ct status snat", "ct status assured"],
	...["tcp dport 4567", "tcp dport { 22, 80-90 }", "tcp dport 4000-5000"],
	...["tcp sport 4567", "th sport 4567", "tcp dport != 4567"],
	...["ip daddr 198.18.9.2", "ip daddr 198.18.0.0/15", "ip saddr @nets"],
	...["ip saddr 198.18.9.0-198.18.9.9", "ip daddr != 198.18.9.2"],
	...["meta l4proto tcp", "meta l4proto { udp, icmp }", "ip protocol tcp"],
	...["tcp flags & (syn|ack) == syn", "tcp flags syn", "meta nfproto ipv4"],
	...["tcp flags & (fin|syn|rst|ack) != syn", "meta mark 0x1", "ct mark 0"],
	...["fib saddr . iif oif missing", "fib daddr type local", "udp dport 53"],
	...["iifname . oifname { tunc0 . eth0, a . b }", "meta nfproto ipv6"],
	...["limit rate over 1000/second", "fib daddr type { broadcast, multicast }"],
];

const ENDINGS = ["accept", "accept", "drop", "reject", "return", "continue"];

/** At most three tables; helper chains jump only to later ones, so there is no circle. */
export function randomRuleset(seed: number): string {
	const random = randomOf(seed);
	const below = (limit: number) => Math.floor(random() * limit);
	const pick = (list: readonly string[]) => list[below(list.length)] ?? "";
	const rule = (chains: readonly string[], canReject: boolean) => {
		const conditions = Array.from({ length: below(3) }, () => pick(CONDITIONS));
		if (below(8) === 0)
			return "ct state vmap { new : continue, established : accept, invalid : drop }";
		const isJump = chains.length > 0 && below(3) === 0;
		const ending = isJump
			? `${below(4) === 0 ? "goto" : "jump"} ${pick(chains)}`
			: pick(ENDINGS.filter((word) => canReject || word !== "reject"));
		return [...conditions, "counter", ending].join(" ");
	};
	const rules = (chains: readonly string[], canReject: boolean) =>
		Array.from({ length: below(4) }, () => `\t\t${rule(chains, canReject)}`);
	const tables = Array.from({ length: 1 + below(3) }, (_, index) => {
		const hook = pick(HOOKS);
		// The kernel refuses to reject in postrouting.
		const canReject = hook === "forward";
		const helpers = HELPERS.map((name, place) =>
			[
				`\tchain ${name} {`,
				...rules(HELPERS.slice(place + 1), canReject),
				"\t}",
			].join("\n"),
		).reverse();
		return [
			`table inet random${index} {`,
			"\tset nets { type ipv4_addr; flags interval; elements = { 10.0.0.0/8, 192.168.0.0/16 }; }",
			...helpers,
			"\tchain base {",
			`\t\ttype filter hook ${hook} priority ${PRIORITIES[below(PRIORITIES.length)] ?? 0}; policy ${pick(["accept", "accept", "drop"])};`,
			...rules(HELPERS, canReject),
			"\t}",
			"}",
		].join("\n");
	});
	return `${tables.join("\n")}\n`;
}
