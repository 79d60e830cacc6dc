// Chinese sentences about flows: handshakes, resets, silence, and what sequence numbers tell.

import type { AnomalyCatalogue } from "./anomaly-text.js";

export const CHINESE_FLOWS = {
	"unacceptable-syn": {
		happened: "收到一个 tunscope 和 Phantun 客户端都不会发送的 SYN。",
		means: "这是端口扫描，或者某个程序以为这里是别的服务。",
		whatToDo:
			"无需处理，已经拒绝。如果它来自您自己的客户端，说明该客户端与 Phantun 不兼容，或者途中有代理在自行建立连接。",
	},
	"syn-on-established": {
		happened: "一条已建立的流上收到了 SYN。",
		means:
			"客户端用同一端口重启了，或者有人伪造。会先询问原来的对端，只有它不再应答时才替换这条流。",
		whatToDo: "无需处理。",
	},
	"flow-limit": {
		happened: "拒绝了一个新客户端：所有流都在使用，没有一条是空闲的。",
		means: "已达到 --max-flows 的上限。",
		whatToDo:
			"如果都是您自己的客户端，请调大 `--max-flows`；否则应当用防火墙挡住陌生来源（`tunscope status` 可以看到谁在连接）。",
	},
	"unknown-flow": {
		happened: "收到一个不属于任何已知流的段。",
		means:
			"本端或途中的 NAT 重启过而对端尚未察觉，或者来自陌生人。已用 RST 告知发送方，tunscope 或 Phantun 客户端会立即重新连接。",
		whatToDo:
			"几秒内停止就无需处理。如果同一地址持续出现，请重启那边的客户端。",
	},
	"unknown-flow-rst": {
		happened: "收到一个不属于任何已知流的 RST。",
		means: "这是已经结束的流的最后一个段，从不应答。",
		whatToDo: "无需处理。",
	},
	"rst-out-of-window": {
		happened: "收到一个序列号与流不符的 RST，已忽略。",
		means:
			"有人（在路径上或路径外）试图切断连接，或者是迟到很久的包。原版 Phantun 会因此断线。",
		whatToDo:
			"隧道本身无需处理。若持续出现，说明路径上有设备（常见的是运营商的过滤设备）在注入 RST，请换一个端口，例如 443。",
	},
	"sequence-out-of-window": {
		happened: "收到一个序列号与流相差甚远的段，已丢弃。",
		means: "有人在路径之外猜测这条流，或者是迟到很久的副本。",
		whatToDo:
			"无需处理，猜测不会得逞。如果同时有数据报丢失，说明两端之间有设备（代理或加速器）改写了序列号，请将其移出路径。",
	},
	"acknowledgement-out-of-window": {
		happened: "收到一个确认了从未发送或早已过去的数据的段，已丢弃。",
		means:
			"有人在路径之外猜测这条流，或者原版 Phantun 对端把陌生人的段当成了我们的；下一个发给它的数据报会纠正。",
		whatToDo: "数据报能到达就无需处理。如果持续出现，请在两端都使用 tunscope。",
	},
	"ahead-not-continued": {
		happened: "收到远远超前于这条流的数据，而后续的段没有接上它，已丢弃。",
		means:
			"繁忙的流在长时间中断之后，最初几个数据报乱序到达；或者有人在路径之外猜测。",
		whatToDo:
			"中断后出现几次无需处理。如果这条流不再承载任何数据，`tunscope reconnect` 会重新建立它。",
	},
	"unexpected-in-handshake": {
		happened: "握手过程中收到一个不相符的段。",
		means: "它是以前的流迟到的包，或者对端的端口上是别的程序。握手继续进行。",
		whatToDo:
			"能连上就无需处理。否则请确认对端的端口上运行的是 tunscope 或 Phantun，而且没有代理替它应答。",
	},
	"handshake-payload": {
		happened: "握手段中携带的数据被丢弃。",
		means:
			"使用 stock-exact 时本端的行为与 Phantun 相同：每条流的第一个数据报可能丢失。",
		whatToDo: "请使用 `--wire-profile default`，它会交付这些数据。",
	},
	"handshake-failed": {
		happened: "一个数据报因握手未能及时完成而被放弃。",
		means: "服务器没有应答，或者拒绝了连接。",
		whatToDo:
			"请确认服务器上 tunscope 正在运行，并且途中所有防火墙都放行了它的端口：`nc -vz <服务器> <端口>` 不应超时。",
	},
	"flow-closed": {
		happened: "一个数据报因所属的流刚刚结束而被放弃。",
		means: "数据报等待期间，流被复位或关闭了。",
		whatToDo:
			"无需处理：应用的下一个数据报会建立新的流。如果频繁出现，请查看 rst 组的异常。",
	},
	"reset-by-peer": {
		happened: "对端用 RST 结束了这条流。",
		means:
			"对端停止了，或者失去了这条流（重启、空闲超时，或者 Phantun 服务器后面的 UDP 服务没有运行）。下一个数据报会建立新的流。",
		whatToDo:
			"偶尔出现无需处理。如果每次刚开始就出现，请在服务器上确认隧道后面的 UDP 服务在运行，并且 tunscope 自己的规则存在（`nft list table inet tunscope_server_<端口>`）。",
	},
	"reset-challenged": {
		happened:
			"收到一个 RST，其序列号与期望值相差 {distance} 字节；没有直接相信，而是先询问对端。",
		means:
			"它可能是伪造的，也可能被在途的数据超越了。如果对端确实结束了这条流，会回复一个序列号准确的 RST。",
		whatToDo:
			"无需处理。如果流量正常却不断出现，说明路径上有设备在注入 RST，请换一个端口。",
	},
	"syn-probed": {
		happened: "一条已建立的流上收到 SYN，已询问原来的对端是否还在。",
		means: "客户端重启了，或者有人在伪造 SYN。",
		whatToDo: "无需处理，一秒之内会自行确定。",
	},
	"peer-restarted": {
		happened: "客户端用同一端口重启了，流重新开始。",
		means: "原来的流已经失效，并已被替换。",
		whatToDo: "无需处理。",
	},
	"peer-silent": {
		happened: "本端在发送，但已有 {silentMs} 毫秒没有收到任何回应。",
		means: "路径中断、对端停机，或者途中的 NAT、防火墙丢失了这条连接的记录。",
		whatToDo:
			"先不必处理：会先探测，然后换一个端口重新建立流。如果一直不恢复，请检查对端主机和路径：`ping <对端>`。",
	},
	"peer-back": {
		happened: "对端静默 {silentMs} 毫秒后恢复。",
		means: "中断已经结束，原来的流继续使用。",
		whatToDo: "无需处理。",
	},
	"flow-renewed": {
		happened: "静默 {silentMs} 毫秒后，流换用另一个本地端口继续。",
		means: "途中的 NAT 或防火墙丢失了旧连接的记录。应用最多感到短暂的停顿。",
		whatToDo:
			"无需处理。如果总在空闲一段时间后出现，请更频繁地发送保活包（WireGuard：`PersistentKeepalive = 25`）。",
	},
	"peer-rebound": {
		happened: "一条流的对端换了地址或端口。",
		means: "途中的 NAT 改变了映射，或者对端换了网络。",
		whatToDo:
			"无需处理。如果总在空闲一段时间后出现，请更频繁地发送保活包（WireGuard：`PersistentKeepalive = 25`）。",
	},
	"handshake-unanswered": {
		happened: "服务器没有应答握手（第 {attempts} 次尝试）。",
		means: "服务器没有运行、它的端口在途中被过滤，或者数据包回不来。",
		whatToDo:
			"在服务器上执行 `tunscope status` 和 `tcpdump -ni any tcp port <端口>`：如果看到 SYN 到达并且有应答发出，问题在返回的路上；否则是前面的防火墙丢弃了它们。",
	},
	"handshake-refused": {
		happened: "服务器用 RST 拒绝了握手（第 {attempts} 次尝试）。",
		means:
			"主机可达，但没有 tunscope 应答：它没有运行、端口不对，或者缺少重定向规则。",
		whatToDo:
			"在服务器上：`tunscope status` 应当显示该端口，`nft list table inet tunscope_server_<端口>` 应当有重定向规则。",
	},
	"outage-skipped": {
		happened: "序列号向前跳过了 {skippedOctets} 字节，并从那里继续。",
		means: "这么多数据发出后整段丢失：路径曾经中断。",
		whatToDo:
			"偶尔出现无需处理。如果反复出现，请查看这些时刻的链路中断（无线、运营商、路由器重启）。",
	},
	"loss-inbound": {
		happened:
			"对端发来的段每 1000 个丢失 {lostPerMille} 个（统计了 {segments} 个）。",
		means: "从对端到本机的路径在丢包。",
		whatToDo:
			"请与对端看到的另一方向比较。常见原因：对端上行带宽已满（请降低发送速率或做流量整形）、无线信号差、运营商限制 TCP。",
	},
	"reordering-inbound": {
		happened:
			"对端发来的段每 1000 个有 {reorderedPerMille} 个乱序（统计了 {segments} 个）。",
		means:
			"数据包走了多条路径，或者对端是用多个线程发送的 Phantun。顺序保持原样。",
		whatToDo: "只要应用不受影响就无需处理。",
	},
	"syn-flood": {
		happened:
			"同时出现大量未完成的握手（{halfOpen} 个在等待），新的握手改为无状态应答。",
		means:
			"这是 SYN 洪泛攻击或快速扫描。已建立的流不受影响，新客户端仍然可以接入。",
		whatToDo:
			"隧道本身无需处理。若要减轻主机负担，请在主机之前丢弃这些来源，或者只对已知地址开放该端口。",
	},
	"syn-flood-over": {
		happened:
			"大量未完成握手的情况已经结束，其间有 {answered} 个握手得到无状态应答。",
		means: "新客户端恢复普通的握手。",
		whatToDo: "无需处理。",
	},
} as const satisfies Partial<AnomalyCatalogue>;
