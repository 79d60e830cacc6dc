// English sentences about single packets: damaged ones, fragments, strangers on the TUN, and ICMP errors.

import type { AnomalyCatalogue } from "./anomaly-text.js";

export const ENGLISH_PACKETS = {
	"empty-read": {
		happened: "The TUN handed over a packet of no bytes.",
		means: "No kernel known to us does this; nothing is lost.",
		whatToDo:
			"Nothing while it stays rare. Otherwise report it with the output of `uname -r`.",
	},
	"bad-virtio-header": {
		happened: "The kernel's offload header contradicts the packet behind it.",
		means:
			"The kernel or a driver hands over glued packets with a wrong description; such a packet is lost.",
		whatToDo:
			"Switch receive offload off on the interface that leads to the peer: `ethtool -K <interface> gro off lro off`. If it stops, report it with `uname -r`.",
	},
	"bad-ip-version": {
		happened: "A packet that is neither IPv4 nor IPv6 came out of the TUN.",
		means: "A program on this host writes garbage to the TUN's address.",
		whatToDo:
			"Nothing for the tunnel's sake. Raw sockets on this host: `ss -0 -p`.",
	},
	"bad-ip-header-length": {
		happened: "An IPv4 packet has a header length that cannot be true.",
		means: "The packet was damaged, or made to break programs that parse it.",
		whatToDo:
			"Nothing for the tunnel's sake: it is dropped. If it goes on, see in the event where it comes from and block that source.",
	},
	truncated: {
		happened: "A packet is shorter than its headers say.",
		means: "It was cut on the way, or made to break programs that parse it.",
		whatToDo:
			"Nothing for the tunnel's sake: it is dropped. If many come from your own peer, look for a device with a broken driver on the path.",
	},
	"bad-ip-checksum": {
		happened: "An IPv4 header has a wrong checksum.",
		means: "The packet was damaged on the way, or is a forgery.",
		whatToDo:
			"If it goes on, check the cable, the radio link and the driver of the interface towards the peer: `ip -s link`, `ethtool -S <interface>`.",
	},
	"fragment-malformed": {
		happened:
			"An IP fragment arrived that no sender makes: empty, cut at no multiple of 8 bytes, or cut within the TCP header.",
		means:
			"It was made to break programs that put fragments together, or a device on the path is broken.",
		whatToDo:
			"Nothing for the tunnel's sake: it is dropped. If it goes on, block the source named in the event.",
	},
	"fragment-too-long": {
		happened: "An IP fragment would make its datagram longer than IP allows.",
		means:
			'This is the "ping of death", made to break programs that put fragments together.',
		whatToDo:
			"Nothing for the tunnel's sake: it is dropped. If it goes on, block the source named in the event.",
	},
	"fragment-overlap": {
		happened:
			"IP fragments of one datagram overlap or contradict each other; the datagram was dropped whole.",
		means:
			"Somebody forges fragments, or two datagrams met under one identification. Nothing false was delivered.",
		whatToDo:
			"If your own datagrams come in fragments, lower the MTU inside the tunnel until none do (WireGuard: `MTU = 1280` in the section [Interface]). Otherwise block the source named in the event.",
	},
	"fragment-duplicate": {
		happened: "The same IP fragment arrived twice.",
		means: "The network doubled it. The first copy counts, nothing is lost.",
		whatToDo: "Nothing.",
	},
	"fragment-too-many": {
		happened: "A datagram came in more than 64 IP fragments and was dropped.",
		means:
			"A link on the path is very small, or somebody tries to use up memory.",
		whatToDo:
			"Lower the MTU of what runs inside the tunnel on the sender (WireGuard: `MTU = 1280` in the section [Interface] always works), or set `--link-mtu` on both ends to the smallest link on the path.",
	},
	"fragment-evicted": {
		happened:
			"IP fragments were dropped before the rest came, to make room for younger ones.",
		means:
			"More unfinished datagrams arrive than a tunnel keeps (4 MiB, a quarter of it for one source): a flood of fragments, or many lost on the path.",
		whatToDo:
			"If the events name a source that is not your peer, block it. Otherwise lower the MTU inside the tunnel until nothing is fragmented (WireGuard: `MTU = 1280` in the section [Interface]).",
	},
	"fragment-timeout": {
		happened:
			"The rest of a datagram in IP fragments did not come within 5 seconds.",
		means: "Fragments are lost on the path; many firewalls drop them.",
		whatToDo:
			"Lower the MTU of what runs inside the tunnel on the sender (WireGuard: `MTU = 1280` in the section [Interface] always works), or set `--link-mtu` on both ends to the smallest link on the path.",
	},
	"bad-extension-chain": {
		happened: "An IPv6 packet has a malformed chain of extension headers.",
		means: "The packet was damaged, or made to break programs that parse it.",
		whatToDo:
			"Nothing for the tunnel's sake: it is dropped. If it goes on, block the source named in the event.",
	},
	"not-tcp": {
		happened: "A packet that is not TCP arrived at the TUN.",
		means:
			"Something routes or translates other traffic to the TUN's address (a ping, a scan, a rule that is too wide).",
		whatToDo:
			"If it was not you with `ping`, restrict the rule that leads there to TCP and the server's port: `nft list ruleset | grep dnat`.",
	},
	"wrong-destination": {
		happened: "A segment for another address than the tunnel's arrived.",
		means:
			"A route or a translation rule points into the TUN and does not belong to this tunnel; often one left from an earlier set-up.",
		whatToDo:
			"Find the rule with the destination named in the event: `ip route show table all`, `nft list ruleset`; then remove it.",
	},
	"bad-data-offset": {
		happened: "A TCP segment has a header length that cannot be true.",
		means: "The segment was damaged, or made to break programs that parse it.",
		whatToDo:
			"Nothing for the tunnel's sake: it is dropped. If it goes on, block the source named in the event.",
	},
	"bad-tcp-checksum": {
		happened: "A segment arrived with a wrong TCP checksum.",
		means:
			"A link, a device or a faulty offload on the path damages packets; each of them is a lost datagram.",
		whatToDo:
			"Rule out offload on the sender first: `ethtool -K <interface> tx off`. If it goes on, look for rising error counters along the path: `ethtool -S <interface>`.",
	},
	"bad-control-bits": {
		happened:
			"A segment has a combination of control bits that no TCP sends (SYN+FIN, none at all, …).",
		means: "Somebody scans this port. The tunnel is not harmed.",
		whatToDo:
			"Nothing. To keep it away from the host, limit who may connect with `--interface` or a firewall rule for the peers' addresses.",
	},
	"fragments-reassembled": {
		happened:
			"A segment arrived in {pieces} IP fragments, the largest of {largestOctets} bytes, and was put together.",
		means:
			"A link on the path takes only about {largestOctets} bytes. Nothing is lost, but every fragment costs speed, and many firewalls drop them.",
		whatToDo:
			"On the sending side set WireGuard's `MTU = {wireguardMtu}` (section [Interface]), or `--link-mtu {largestOctets}` on both ends.",
	},
	"odd-control-bits": {
		happened:
			"A valid segment carried control bits that this wire format does not use (bits {bits}).",
		means:
			"A middlebox or another implementation touches the tunnel's segments. They are accepted.",
		whatToDo: "Nothing, as long as traffic flows.",
	},
	"unknown-control": {
		happened: "A control segment carried a value that is out of range.",
		means:
			"The peer is a newer version, or somebody forges segments. The value is ignored.",
		whatToDo:
			"Use the same version of tunscope on both ends: `tunscope --version`.",
	},
	"mss-by-middlebox": {
		happened: "A router on the path wrote an MSS of {mss} into the handshake.",
		means:
			"It clamps TCP connections to its own link; this tunnel is TCP on the outside and heeds it. Nothing is lost.",
		whatToDo:
			"Nothing, unless large datagrams vanish: then let `--link-mtu` on both ends be {mss} plus 40 (IPv4) or 60 (IPv6).",
	},
	"icmp-unreachable": {
		happened:
			"{reporter} says that the peer cannot be reached (ICMP type {type}, code {code}).",
		means:
			"A router has no route to the peer, or the peer's host is down. The flow is kept and goes on when the route is back.",
		whatToDo:
			"Check the way to the peer: `ip route get <peer>`, `traceroute -T -p <port> <peer>`. If {reporter} is your own router, check its uplink.",
	},
	"icmp-prohibited": {
		happened:
			"A firewall at {reporter} rejects the tunnel's segments (ICMP type {type}, code {code}).",
		means: "Nothing passes there until that firewall allows it.",
		whatToDo:
			"Allow TCP to the server's port in that firewall, both ways. On the server itself: `nft list ruleset | grep reject`, `iptables -S | grep REJECT`.",
	},
	"icmp-time-exceeded": {
		happened:
			"{reporter} says that a segment had passed too many routers (ICMP type {type}, code {code}).",
		means: "There is a routing loop on the way to the peer.",
		whatToDo:
			"Find it with `traceroute -T -p <port> <peer>`: two addresses take turns. If one of them is this host, a route leads the server's address into the tunnel itself.",
	},
	"icmp-other": {
		happened:
			"{reporter} sent an ICMP message about the tunnel (type {type}, code {code}).",
		means: "It changes nothing for the tunnel.",
		whatToDo: "Nothing.",
	},
	"bad-icmp-checksum": {
		happened: "An ICMP message about the tunnel has a wrong checksum.",
		means:
			"It was damaged on the way, or forged by somebody careless. It is not believed.",
		whatToDo: "Nothing.",
	},
	"icmp-unrelated": {
		happened:
			"An ICMP error came about a segment that none of our flows can have sent.",
		means: "It is forged, or about a flow that has ended. It is not believed.",
		whatToDo: "Nothing.",
	},
	"icmp-implausible": {
		happened:
			"An ICMP error quotes a segment that is not on its way, or claims an MTU that cannot be.",
		means:
			"Somebody forges ICMP to disturb the tunnel, or it is very late. It is not believed.",
		whatToDo:
			"Nothing for the tunnel's sake. If it goes on, the sender named in the event, or somebody with its address, is worth a look.",
	},
} as const satisfies Partial<AnomalyCatalogue>;
