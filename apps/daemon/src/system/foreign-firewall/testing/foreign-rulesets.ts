// Rulesets of other programs, and what has to be said about each to a client and to a server.

interface ForeignRuleset {
	readonly name: string;
	readonly ruleset: string;
	/** One pattern per notice expected; none: it says nothing. */
	readonly client: readonly RegExp[];
	readonly server: readonly RegExp[];
}

/** A chain of the forward hook in a table with some sets and helpers. */
export function forwardChain(rules: string, policy = "drop"): string {
	return `table inet fw {
	set blocked { type ipv4_addr; flags interval; elements = { 203.0.113.0/24 }; }
	set friends { type ipv4_addr; elements = { 198.51.100.7 }; }
	map links { type ifname : verdict; elements = { "tunc0" : jump ours, "tuns0" : jump ours }; }
	chain ours {
		ct state new,established accept
	}
	chain closed {
		reject
	}
	chain empty {
	}
	chain forward {
		type filter hook forward priority filter; policy ${policy};
		${rules}
	}
}
`;
}

const BOTH_WAYS =
	/chain forward of table inet fw .* drops what goes into and comes out of/;
const POLICY = /by its policy drop/;

export const CASES: readonly ForeignRuleset[] = [
	{ name: "no rules", ruleset: "", client: [], server: [] },
	{
		name: "a policy",
		ruleset: forwardChain(""),
		client: [BOTH_WAYS],
		server: [BOTH_WAYS],
	},
	{
		name: "a policy behind established",
		ruleset: forwardChain("ct state established,related accept"),
		client: [/drops what comes out of tunc0, by its policy drop/],
		server: [/drops what goes into tuns0, by its policy drop/],
	},
	{
		name: "a state map and what has been translated",
		ruleset: forwardChain(
			"ct state vmap { established : accept, related : accept, invalid : drop }\nct status dnat accept",
		),
		client: [/comes out of tunc0, by its policy/],
		server: [],
	},
	{
		name: "a jump through an interface map",
		ruleset: forwardChain(
			'iifname vmap @links\noifname vmap { "tunc0" : jump ours, "tuns0" : jump ours }',
		),
		client: [],
		server: [],
	},
	{
		name: "a goto, behind which nothing of the chain comes",
		ruleset: forwardChain(
			'iifname "tun*" goto empty\noifname "tun*" goto empty\naccept',
		),
		client: [BOTH_WAYS],
		server: [BOTH_WAYS],
	},
	{
		name: "a return before the accept",
		ruleset: forwardChain("meta l4proto tcp return\naccept"),
		client: [POLICY],
		server: [POLICY],
	},
	{
		name: "a rule that rejects, in a chain of its own",
		ruleset: forwardChain("tcp dport 4567 jump closed", "accept"),
		client: [
			/comes out of tunc0, by rule 1 of chain closed \(handle \d+\), which rejects/,
		],
		server: [/goes into tuns0, by rule 1 of chain closed .* rejects/],
	},
	{
		name: "a block list, which is meant for others",
		ruleset: forwardChain("ip saddr @blocked drop", "accept"),
		client: [],
		server: [],
	},
	{
		name: "only some addresses",
		ruleset: forwardChain(
			"ct state established accept\nip saddr @friends accept\nip daddr @friends accept\nip6 daddr 2001:db8::/64 accept",
		),
		client: [],
		server: [/drops what goes into tuns0 \(IPv6\), by its policy/],
	},
	{
		name: "only some addresses of one family",
		ruleset: forwardChain(
			"ct state established accept\nip saddr @friends accept\nip daddr @friends accept\nmeta nfproto ipv6 accept",
		),
		client: [],
		server: [
			/may stop the tunnel: .* perhaps drops what goes into tuns0 \(IPv4\), by its policy/,
		],
	},
	{
		name: "a rule that is not understood",
		ruleset: forwardChain("meta rtclassid 5 drop", "accept"),
		client: [/may stop .* perhaps drops .* by rule 1 of chain forward/],
		server: [/may stop .* perhaps drops .* by rule 1 of chain forward/],
	},
	{
		name: "limits that nobody reaches",
		ruleset: forwardChain(
			"limit rate over 100/second drop\nct count over 500 drop",
			"accept",
		),
		client: [],
		server: [],
	},
	{
		name: "other interfaces, protocols, ports and marks",
		ruleset: forwardChain(
			'iifname "wg0" drop\nmeta l4proto udp drop\ntcp dport { 22, 80-90 } drop\nmeta mark 0x17 drop\ntcp flags & (fin|syn) == fin|syn drop\niifname . oifname { "a" . "b" } drop\nip6 saddr fe80::/10 drop',
			"accept",
		),
		client: [],
		server: [],
	},
	{
		name: "only SYN is dropped",
		ruleset: forwardChain("tcp flags & (syn|ack) == syn drop", "accept"),
		client: [/drops what comes out of tunc0, by rule 1/],
		server: [/drops what goes into tuns0, by rule 1/],
	},
	{
		name: "one family",
		ruleset:
			"table ip6 fw { chain f { type filter hook forward priority 0; policy drop; }; }",
		client: [/table ip6 fw .* \(IPv6\), by its policy/],
		server: [/table ip6 fw .* \(IPv6\), by its policy/],
	},
	{
		name: "reverse path checks, which the way back passes",
		ruleset: `table inet fw { chain p { type filter hook prerouting priority raw;
			fib saddr . mark . iif oif missing drop
			fib daddr type { broadcast, multicast } drop
		}; }`,
		client: [],
		server: [],
	},
	{
		name: "prerouting that lets only known ports in",
		ruleset: `table inet fw { chain p { type filter hook prerouting priority raw; policy drop;
			iifname "lo" accept
			tcp dport { 22, 443 } accept
			iifname "tun*" accept
		}; }`,
		client: [
			/chain p of table inet fw .* drops what goes into tunc0, by its policy/,
		],
		server: [
			/chain p of table inet fw .* drops what goes into tuns0, by its policy/,
		],
	},
	{
		name: "states where conntrack has seen nothing yet",
		ruleset: `table inet fw { chain p { type filter hook prerouting priority raw;
			tcp dport 4567 ct state invalid drop
			tcp sport 4567 ct state != established drop
		}; }`,
		client: [
			/chain p of table inet fw .* drops what goes into and comes out of/,
		],
		server: [
			/chain p of table inet fw .* drops what goes into and comes out of/,
		],
	},
	{
		name: "postrouting that lets nothing private out",
		ruleset: `table ip fw { chain p { type filter hook postrouting priority mangle;
			oifname "eth0" ip saddr 192.168.0.0/16 drop
		}; }`,
		client: [
			/chain p of table ip fw .* drops what comes out of tunc0 \(IPv4\), by rule 1/,
		],
		server: [
			/chain p of table ip fw .* drops what comes out of tuns0 \(IPv4\), by rule 1/,
		],
	},
	{
		name: "input and output, which the tunnel does not pass",
		ruleset: `table inet fw { chain i { type filter hook input priority 0; policy drop; }; chain o { type filter hook output priority 0; policy drop; }; }`,
		client: [],
		server: [],
	},
	{
		name: "redirection by a table that is asked before ours",
		ruleset: `table ip home { chain p { type nat hook prerouting priority -110; tcp dport 4567 dnat to 10.0.0.2; }; chain q { type nat hook postrouting priority 90; masquerade; }; }`,
		client: [/sends elsewhere what comes out of tunc0 \(IPv4\), by rule 1/],
		server: [/takes TCP port 4567 before the tunnel gets it, by rule 1/],
	},
	{
		name: "redirection by a table that is asked after ours",
		ruleset: `table ip home { chain p { type nat hook prerouting priority -90; iifname "eth0" fib daddr type local tcp dport 4567 redirect to :80; }; }`,
		client: [],
		server: [],
	},
];

export const IPTABLES_CASES: readonly ForeignRuleset[] = [
	{
		name: "Docker with the port published",
		ruleset: `*filter
:INPUT ACCEPT [0:0]
:FORWARD DROP [0:0]
:OUTPUT ACCEPT [0:0]
:DOCKER - [0:0]
:DOCKER-USER - [0:0]
-A FORWARD -j DOCKER-USER
-A FORWARD -o docker0 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A FORWARD -o docker0 -j DOCKER
-A FORWARD -i docker0 ! -o docker0 -j ACCEPT
-A DOCKER -d 172.17.0.2/32 ! -i docker0 -o docker0 -p tcp -m tcp --dport 80 -j ACCEPT
-A DOCKER-USER -j RETURN
COMMIT
*nat
:PREROUTING ACCEPT [0:0]
:INPUT ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
:POSTROUTING ACCEPT [0:0]
:DOCKER - [0:0]
-A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER
-A POSTROUTING -s 172.17.0.0/16 ! -o docker0 -j MASQUERADE
-A DOCKER ! -i docker0 -p tcp -m tcp --dport 4567 -j DNAT --to-destination 172.17.0.2:80
COMMIT
`,
		client: [
			/^Docker stops the tunnel: chain FORWARD .*`iptables -I DOCKER-USER -i tunc0/,
		],
		server: [
			/^Docker stops the tunnel: chain FORWARD .*`iptables -I DOCKER-USER -o tuns0/,
			/^Docker's chain PREROUTING .* perhaps takes TCP port 4567 .* by rule 1 of chain DOCKER/,
		],
	},
	{
		name: "conditions that only iptables can show",
		ruleset: `*filter
:FORWARD DROP [0:0]
-A FORWARD -m state --state ESTABLISHED -j ACCEPT
-A FORWARD ! -i eth0 -p tcp -m multiport --dports 22,4000:5000 -m comment --comment "it's ours" -j ACCEPT
-A FORWARD -d 192.168.201.0/255.255.255.0 -p tcp -m tcp --dport 4567 --tcp-flags FIN,SYN,RST,ACK SYN -m mark ! --mark 0x7/0xff -j ACCEPT
COMMIT
`,
		client: [],
		server: [],
	},
	{
		name: "a set whose content is another's affair, and one that decides over the tunnel's own address",
		ruleset: `*filter
:FORWARD ACCEPT [0:0]
-A FORWARD -m recent --name BAD --rcheck --seconds 60 --rsource -j DROP
COMMIT
`,
		client: [/perhaps drops .* by rule 1 of chain FORWARD/],
		server: [/perhaps drops .* by rule 1 of chain FORWARD/],
	},
];
