// English sentences about flows: handshakes, resets, silence, and what sequence numbers tell.

import type { AnomalyCatalogue } from "./anomaly-text.js";

export const ENGLISH_FLOWS = {
	"unacceptable-syn": {
		happened: "A SYN came that no tunscope or Phantun client sends.",
		means: "A port scan, or a program that expects something else here.",
		whatToDo:
			"Nothing: it was refused. If it was your own client, it is not a Phantun-compatible program, or a proxy on the way opens connections of its own.",
	},
	"syn-on-established": {
		happened: "A SYN came for a flow that is open.",
		means:
			"The client has restarted on the same port, or somebody forges. The old peer is asked first; the flow stays until it fails to answer.",
		whatToDo: "Nothing.",
	},
	"flow-limit": {
		happened:
			"A new client was refused: all flows are in use, and none is quiet.",
		means: "The limit of --max-flows is reached.",
		whatToDo:
			"Raise `--max-flows` if these are your own clients; if not, a firewall should keep strangers away (`tunscope status` shows who is connected).",
	},
	"unknown-flow": {
		happened: "A segment came for a flow that this end does not know.",
		means:
			"This end or a NAT between was restarted and the peer does not know yet, or it is a stranger's. The sender was told with a reset, and a tunscope or Phantun client begins anew at once.",
		whatToDo:
			"Nothing if it stops within seconds. If it goes on with one address, restart the client there.",
	},
	"unknown-flow-rst": {
		happened: "A reset came for a flow that this end does not know.",
		means: "The last word of a flow that has ended. It is never answered.",
		whatToDo: "Nothing.",
	},
	"rst-out-of-window": {
		happened:
			"A reset came whose sequence number does not belong to the flow; it was ignored.",
		means:
			"Somebody on or off the path tries to break the connection, or a very late packet. A plain Phantun would have been disconnected.",
		whatToDo:
			"Nothing for the tunnel's sake. If it goes on, something on the path (often a provider's filter) injects resets: try another port, e.g. 443.",
	},
	"sequence-out-of-window": {
		happened:
			"A segment came whose sequence number is nowhere near the flow's; it was dropped.",
		means:
			"Somebody off the path guesses at the flow, or a very late copy arrived.",
		whatToDo:
			"Nothing: guesses do not get in. If datagrams are missing at the same time, something between the two ends changes sequence numbers (a proxy or an accelerator): take it out of the path.",
	},
	"acknowledgement-out-of-window": {
		happened:
			"A segment came that acknowledges what was never sent, or what is long past; it was dropped.",
		means:
			"Somebody off the path guesses at the flow, or a plain Phantun peer took a stranger's segment for ours; the next datagram to it sets that right.",
		whatToDo:
			"Nothing if datagrams arrive. If it goes on, use tunscope at both ends.",
	},
	"ahead-not-continued": {
		happened:
			"Data came from far ahead of the flow, and what followed did not continue it; it was dropped.",
		means:
			"The first datagrams after a long outage of a busy flow that arrived out of order, or somebody off the path guesses.",
		whatToDo:
			"Nothing if it is a few after an outage. If a flow carries nothing any more, `tunscope reconnect` opens it anew.",
	},
	"unexpected-in-handshake": {
		happened: "A segment came that does not fit the handshake in progress.",
		means:
			"Late packets of an earlier flow, or another program at the peer's port. The handshake goes on.",
		whatToDo:
			"Nothing if the tunnel connects. Otherwise check that tunscope or Phantun runs at the peer's port and no proxy answers in its place.",
	},
	"handshake-payload": {
		happened: "Payload within a handshake segment was swallowed.",
		means:
			"With the wire profile stock-exact this end does what Phantun does: the first datagram of a flow may be lost.",
		whatToDo: "Use `--wire-profile default`, which delivers it.",
	},
	"handshake-failed": {
		happened:
			"A datagram was given up because no handshake came about in its time.",
		means: "The server does not answer, or refuses.",
		whatToDo:
			"Check that tunscope runs on the server and that its port is open in every firewall on the way: `nc -vz <server> <port>` must not time out.",
	},
	"flow-closed": {
		happened: "A datagram was given up because its flow had just ended.",
		means: "The flow was reset or closed while the datagram waited.",
		whatToDo:
			"Nothing: the application's next datagram opens a new flow. If it is frequent, look at the resets (group rst).",
	},
	"reset-by-peer": {
		happened: "The peer ended the flow with a reset.",
		means:
			"The peer stopped, or lost the flow (restart, idle limit, UDP target down with a Phantun server). The next datagram opens a new one.",
		whatToDo:
			"Nothing if it is rare. If it comes right after each start, check on the server that the UDP service behind the tunnel runs, and that the server's host has its own tunscope rules (`nft list table inet tunscope_server_<port>`).",
	},
	"reset-challenged": {
		happened:
			"A reset came that is {distance} bytes off the expected sequence; the peer was asked instead of believed.",
		means:
			"A forged reset, or one that segments in flight have overtaken. If the peer really ended the flow, it answers with an exact one.",
		whatToDo:
			"Nothing. If these keep coming while traffic flows, something on the path injects resets: try another port.",
	},
	"syn-probed": {
		happened:
			"A SYN came for an open flow, and the old peer was asked whether it is still there.",
		means: "Either the client restarted, or somebody forges SYNs.",
		whatToDo: "Nothing: it settles itself within a second.",
	},
	"peer-restarted": {
		happened:
			"The client has restarted on the same port; its flow begins anew.",
		means: "Its old flow was dead and has been replaced.",
		whatToDo: "Nothing.",
	},
	"peer-silent": {
		happened:
			"Nothing has come back for {silentMs} ms although this end sends.",
		means:
			"The path is interrupted, the peer is down, or a NAT or firewall on the way has forgotten the connection.",
		whatToDo:
			"Nothing at first: the flow is probed, then begun anew from another port. If it stays, check the peer's host and the path: `ping <peer>`.",
	},
	"peer-back": {
		happened: "The peer is back after {silentMs} ms of silence.",
		means: "The interruption is over, the same flow goes on.",
		whatToDo: "Nothing.",
	},
	"flow-renewed": {
		happened:
			"After {silentMs} ms of silence the flow went on from another local port.",
		means:
			"A NAT or firewall on the path had lost the old connection. The application noticed at most a pause.",
		whatToDo:
			"Nothing. If it happens regularly after quiet times, send a keepalive more often (WireGuard: `PersistentKeepalive = 25`).",
	},
	"peer-rebound": {
		happened: "A flow's other end has another address or port now.",
		means: "A NAT between has changed its mapping, or the peer has moved.",
		whatToDo:
			"Nothing. If it happens after quiet times, send a keepalive more often (WireGuard: `PersistentKeepalive = 25`).",
	},
	"handshake-unanswered": {
		happened: "The server does not answer the handshake (attempt {attempts}).",
		means:
			"It is not running, its port is filtered on the way, or packets cannot come back.",
		whatToDo:
			"On the server: `tunscope status`, and `tcpdump -ni any tcp port <port>`. If SYNs arrive there and answers leave, the block is on the way back, otherwise a firewall in front drops them.",
	},
	"handshake-refused": {
		happened:
			"The server refused the handshake with a reset (attempt {attempts}).",
		means:
			"The host is reachable but no tunscope answers: it is not running, the port is wrong, or its redirection rule is missing.",
		whatToDo:
			"On the server: `tunscope status` must show the port, and `nft list table inet tunscope_server_<port>` the redirection.",
	},
	"outage-skipped": {
		happened:
			"The sequence numbers jumped ahead by {skippedOctets} bytes and went on from there.",
		means:
			"That much was sent and lost in one piece: the path was interrupted.",
		whatToDo:
			"Nothing if it is rare. If it repeats, look at the link for interruptions (radio, provider, router reboots) at these times.",
	},
	"loss-inbound": {
		happened:
			"{lostPerMille} of 1000 segments from the peer did not arrive (of {segments} watched).",
		means: "The path towards this host loses packets.",
		whatToDo:
			"Compare with the peer's view of the other direction. Typical causes: a full uplink at the peer (send less or shape it), bad radio, a provider that limits TCP.",
	},
	"reordering-inbound": {
		happened:
			"{reorderedPerMille} of 1000 segments from the peer arrive out of order (of {segments} watched).",
		means:
			"Packets take several paths, or the peer is Phantun, which sends with several threads. The order is left as it is.",
		whatToDo: "Nothing, unless the application suffers.",
	},
	"syn-flood": {
		happened:
			"So many unfinished handshakes came at once ({halfOpen} are waiting) that new ones are answered without keeping state.",
		means:
			"A SYN flood or a fast scan. Open flows are not touched, and new clients still get in.",
		whatToDo:
			"Nothing for the tunnel's sake. To spare the host, drop the sources in front of it, or limit the port to known addresses.",
	},
	"syn-flood-over": {
		happened:
			"The flood of unfinished handshakes is over; {answered} were answered without keeping state.",
		means: "New clients get ordinary handshakes again.",
		whatToDo: "Nothing.",
	},
} as const satisfies Partial<AnomalyCatalogue>;
