// English sentences about this host and the sizes it may send: applications, sockets, the TUN, limits, MTU.

import type { AnomalyCatalogue } from "./anomaly-text.js";

export const ENGLISH_HOST = {
	"udp-queue-full": {
		happened:
			"The application's socket took no more datagrams; some were dropped.",
		means: "The UDP application reads more slowly than the tunnel delivers.",
		whatToDo:
			"Enlarge what the application may queue: `sysctl -w net.core.rmem_max=8388608 net.core.rmem_default=8388608` and restart it, or give it more CPU.",
	},
	"udp-too-big": {
		happened: "A datagram was too large for the way to the UDP application.",
		means:
			"The peer sends larger datagrams than the interface towards the application takes.",
		whatToDo:
			"Raise the MTU of the interface that leads to the application, or lower the MTU inside the tunnel on the peer's side.",
	},
	"udp-send-failed": {
		happened: "Handing a datagram to the UDP application failed.",
		means: "The kernel refused to send to the application's address.",
		whatToDo:
			"Check the route and the firewall between tunscope and the application: `ip route get <address>`, `nft list chain inet filter output`.",
	},
	"oversize-datagram": {
		happened:
			"A datagram of {datagramOctets} bytes was refused: the path takes {limitOctets}.",
		means:
			"The application's packets are too large for the tunnel. Large packets vanish, small ones pass: connections hang while ping works.",
		whatToDo:
			"Set WireGuard's MTU on both ends: `MTU = {wireguardMtu}` in the section [Interface], at once with `ip link set wg0 mtu {wireguardMtu}`. Other applications: datagrams of at most {limitOctets} bytes.",
	},
	"pending-full": {
		happened:
			"A datagram was dropped because too many were waiting for the handshake.",
		means: "The application sends faster than the connection opens.",
		whatToDo:
			"Nothing if it happens only at the start. Otherwise the server does not answer: see the handshake anomalies.",
	},
	"no-flow-slot": {
		happened:
			"A new application was refused: all flows are in use, and none is quiet.",
		means: "The limit of --max-flows is reached.",
		whatToDo:
			"Raise `--max-flows`, or let applications keep to fewer source ports.",
	},
	"no-free-port": {
		happened: "Every source port towards this server is in use.",
		means: "More flows at once than one address can have towards one server.",
		whatToDo:
			"Lower `--max-flows` below 28000, or run a second tunnel to another port of the server.",
	},
	"tun-queue-full": {
		happened: "The TUN took no more packets; some were dropped.",
		means: "The kernel does not get them away as fast as they come.",
		whatToDo:
			"If it is more than a moment: `ip link set <tun> txqueuelen 10000`, and check the CPU load (`top`) and the interface behind it (`tc -s qdisc`).",
	},
	"tun-down": {
		happened: "Datagrams were dropped because the TUN is down or gone.",
		means: "Somebody took it down or deleted it.",
		whatToDo:
			"`ip link set <tun> up`; a deleted one is made anew by tunscope itself (--on-tun-lost recreate).",
	},
	"tun-write-failed": {
		happened: "Writing to the TUN failed.",
		means: "The kernel refused packets for no reason known to us.",
		whatToDo:
			"Look into `dmesg` for messages of the same second, and report it with `uname -r`.",
	},
	"link-mtu-differs": {
		happened:
			"The two ends have different link MTUs: {oursOctets} here, {peersOctets} at the peer.",
		means: "The smaller one counts for both; tunscope keeps to it by itself.",
		whatToDo:
			"Nothing for the tunnel. Set what runs inside it to fit the smaller one on both ends: WireGuard `MTU = {wireguardMtu}`.",
	},
	"path-mtu-lowered": {
		happened:
			"{reporter} says that the path takes packets of at most {pathMtu} bytes (until now {limitBefore}).",
		means:
			"A link on the path is smaller than the links of both ends. Larger datagrams are refused and counted from now on; the limit is tried again after 10 minutes.",
		whatToDo:
			"Set WireGuard's MTU on both ends: `MTU = {wireguardMtu}` in the section [Interface], at once with `ip link set wg0 mtu {wireguardMtu}`.",
	},
	"path-mtu-restored": {
		happened: "The path is tried with {pathMtu} bytes again.",
		means: "No report of a smaller link has come for 10 minutes.",
		whatToDo: "Nothing.",
	},
	"tun-lost": {
		happened: "The TUN is gone ({cause}).",
		means:
			"Another program or a person did this; the tunnel carries nothing meanwhile.",
		whatToDo:
			"A TUN that was taken down: `ip link set <tun> up`. A deleted one is made anew by itself; find out who deletes it (NetworkManager, systemd-networkd, scripts) and exempt it there.",
	},
	"tun-restored": {
		happened: "The TUN is up again.",
		means: "The tunnel carries datagrams again.",
		whatToDo: "Nothing.",
	},
	"tun-renamed": {
		happened: "Somebody renamed the TUN from {from} to {to}.",
		means: "Rules and settings have followed.",
		whatToDo:
			"If that was not you, exempt the TUN from the rules that name interfaces (udev, systemd .link files).",
	},
	"target-refuses": {
		happened: "The UDP service behind the server refuses datagrams.",
		means:
			"Nothing listens at the address of --remote. Flows are kept, their datagrams are lost until it listens.",
		whatToDo:
			"Start the UDP service, or correct `--remote`: `ss -lunp` shows what listens where.",
	},
	"target-answers": {
		happened: "The UDP service behind the server takes datagrams again.",
		means: "The trouble is over.",
		whatToDo: "Nothing.",
	},
	"udp-buffer-overflow": {
		happened:
			"The kernel dropped datagrams of the application before tunscope could read them.",
		means: "Bursts are larger than the socket's buffer, or the CPU is busy.",
		whatToDo:
			"`sysctl -w net.core.rmem_max=8388608` and restart the tunnel. If it goes on, one CPU core is not enough for this rate.",
	},
	"socket-unavailable": {
		happened: "No UDP socket could be opened for a new flow ({error}).",
		means: "What this client sends is lost.",
		whatToDo:
			"Raise the number of open files (`LimitNOFILE=65536` in the systemd unit), or lower `--max-flows`.",
	},
	"worker-restarted": {
		happened:
			"The tunnel's worker ended unexpectedly and starts again in {pauseMs} ms.",
		means: "All flows of this tunnel begin anew.",
		whatToDo: "The log says why. If it calls it a bug, please report it.",
	},
} as const satisfies Partial<AnomalyCatalogue>;
