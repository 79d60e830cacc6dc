// Chinese sentences about single packets: damaged ones, fragments, strangers on the TUN, and ICMP errors.

import type { AnomalyCatalogue } from "./anomaly-text.js";

export const CHINESE_PACKETS = {
	"empty-read": {
		happened: "从 TUN 读到一个长度为 0 的数据包。",
		means: "已知的内核都不会这样；没有丢失任何数据。",
		whatToDo:
			"偶尔出现可以忽略；如果频繁出现，请附上 `uname -r` 的输出反馈给我们。",
	},
	"bad-virtio-header": {
		happened: "内核给出的卸载（offload）头与其后的数据包不符。",
		means: "内核或网卡驱动对合并后的数据包描述有误，这样的包会丢失。",
		whatToDo:
			"在通往对端的网卡上关闭接收卸载：`ethtool -K <网卡> gro off lro off`。若问题因此消失，请附上 `uname -r` 反馈。",
	},
	"bad-ip-version": {
		happened: "从 TUN 读到既不是 IPv4 也不是 IPv6 的数据包。",
		means: "本机有程序在向 TUN 的地址发送无意义的数据。",
		whatToDo: "隧道本身无需处理。可用 `ss -0 -p` 查看本机的原始套接字。",
	},
	"bad-ip-header-length": {
		happened: "一个 IPv4 数据包的首部长度不可能为真。",
		means: "数据包已损坏，或者是有人构造出来攻击解析程序的。",
		whatToDo:
			"已丢弃，隧道本身无需处理。若持续出现，请按事件中的来源地址加以封禁。",
	},
	truncated: {
		happened: "一个数据包比其首部声称的要短。",
		means: "它在途中被截断，或者是有人构造出来攻击解析程序的。",
		whatToDo:
			"已丢弃，隧道本身无需处理。如果大量来自自己的对端，请排查路径上驱动有问题的设备。",
	},
	"bad-ip-checksum": {
		happened: "一个 IPv4 首部的校验和错误。",
		means: "数据包在途中损坏，或者是伪造的。",
		whatToDo:
			"若持续出现，请检查通往对端的网线、无线链路和网卡驱动：`ip -s link`、`ethtool -S <网卡>`。",
	},
	"fragment-malformed": {
		happened:
			"收到一个不可能由正常发送方产生的 IP 分片：为空、切分处不是 8 字节的倍数，或切在 TCP 首部之内。",
		means: "它是有人构造出来攻击分片重组程序的，或者路径上有设备出了故障。",
		whatToDo: "已丢弃，隧道本身无需处理。若持续出现，请封禁事件中的来源地址。",
	},
	"fragment-too-long": {
		happened: "一个 IP 分片会使其数据报超过 IP 允许的长度。",
		means: "这就是所谓的“死亡之 ping”，用来攻击分片重组程序。",
		whatToDo: "已丢弃，隧道本身无需处理。若持续出现，请封禁事件中的来源地址。",
	},
	"fragment-overlap": {
		happened: "同一数据报的 IP 分片相互重叠或矛盾，整个数据报已丢弃。",
		means:
			"有人伪造分片，或者两个数据报碰巧用了同一个标识。没有交付任何错误数据。",
		whatToDo:
			"如果您自己的数据报会被分片，请调低隧道内部的 MTU，直到不再分片（WireGuard：在 [Interface] 中写 `MTU = 1280`）；否则请封禁事件中的来源地址。",
	},
	"fragment-duplicate": {
		happened: "同一个 IP 分片到达了两次。",
		means: "网络复制了它。以第一份为准，数据没有丢失。",
		whatToDo: "无需处理。",
	},
	"fragment-too-many": {
		happened: "一个数据报被分成了超过 64 个 IP 分片，已丢弃。",
		means: "路径上某段链路的 MTU 非常小，或者有人企图耗尽内存。",
		whatToDo:
			"在发送方调低隧道内部的 MTU（WireGuard：在 [Interface] 中写 `MTU = 1280`，一定可用），或者在两端把 `--link-mtu` 设为路径上最小的链路 MTU。",
	},
	"fragment-evicted": {
		happened: "为给较新的分片腾出空间，一些尚未凑齐的 IP 分片已丢弃。",
		means:
			"未完成的数据报超出了隧道的保留上限（4 MiB，单个来源最多占四分之一）：可能是分片洪泛，也可能是路径上丢失了大量分片。",
		whatToDo:
			"如果事件中的来源不是您的对端，请封禁它；否则请调低隧道内部的 MTU，直到不再分片（WireGuard：在 [Interface] 中写 `MTU = 1280`）。",
	},
	"fragment-timeout": {
		happened: "一个以 IP 分片到达的数据报，其余部分在 5 秒内没有到齐。",
		means: "路径上丢失了分片；许多防火墙会丢弃分片。",
		whatToDo:
			"在发送方调低隧道内部的 MTU（WireGuard：在 [Interface] 中写 `MTU = 1280`，一定可用），或者在两端把 `--link-mtu` 设为路径上最小的链路 MTU。",
	},
	"bad-extension-chain": {
		happened: "一个 IPv6 数据包的扩展首部链格式错误。",
		means: "数据包已损坏，或者是有人构造出来攻击解析程序的。",
		whatToDo: "已丢弃，隧道本身无需处理。若持续出现，请封禁事件中的来源地址。",
	},
	"not-tcp": {
		happened: "TUN 收到一个不是 TCP 的数据包。",
		means:
			"有别的流量被路由或转换到了 TUN 的地址（例如 ping、扫描，或者一条过宽的规则）。",
		whatToDo:
			"如果不是您自己在 `ping`，请把指向 TUN 的规则限定为 TCP 和服务器端口：`nft list ruleset | grep dnat`。",
	},
	"wrong-destination": {
		happened: "收到一个目的地址不属于本隧道的 TCP 段。",
		means:
			"有路由或地址转换规则指向了这个 TUN，却不属于本隧道；常常是以前的配置遗留下来的。",
		whatToDo:
			"按事件中的目的地址找到该规则并删除：`ip route show table all`、`nft list ruleset`。",
	},
	"bad-data-offset": {
		happened: "一个 TCP 段的首部长度不可能为真。",
		means: "该段已损坏，或者是有人构造出来攻击解析程序的。",
		whatToDo: "已丢弃，隧道本身无需处理。若持续出现，请封禁事件中的来源地址。",
	},
	"bad-tcp-checksum": {
		happened: "收到一个 TCP 校验和错误的段。",
		means:
			"路径上的链路、设备或有缺陷的卸载功能在损坏数据包；每一个都意味着丢失一个数据报。",
		whatToDo:
			"先在发送方排除卸载的问题：`ethtool -K <网卡> tx off`。若仍然出现，请沿路径查找持续增长的错误计数：`ethtool -S <网卡>`。",
	},
	"bad-control-bits": {
		happened: "一个段带有任何 TCP 都不会发送的控制位组合（SYN+FIN、全空等）。",
		means: "有人在扫描这个端口，隧道不受影响。",
		whatToDo:
			"无需处理。若想把它挡在主机之外，可用 `--interface` 或防火墙规则只放行对端的地址。",
	},
	"fragments-reassembled": {
		happened:
			"一个段分成 {pieces} 个 IP 分片到达（最大 {largestOctets} 字节），已重组。",
		means:
			"路径上某段链路只能通过约 {largestOctets} 字节。数据没有丢失，但分片会降低速度，而且许多防火墙会丢弃分片。",
		whatToDo:
			"在发送方把 WireGuard 设为 `MTU = {wireguardMtu}`（[Interface] 段），或者在两端使用 `--link-mtu {largestOctets}`。",
	},
	"odd-control-bits": {
		happened: "一个有效的段带有本协议不使用的控制位（{bits}）。",
		means: "有中间设备或其他实现改动了隧道的段；这些段照常接收。",
		whatToDo: "只要流量正常就无需处理。",
	},
	"unknown-control": {
		happened: "一个控制段携带的值超出范围。",
		means: "对端版本较新，或者有人在伪造；该值已被忽略。",
		whatToDo: "请在两端使用相同版本的 tunscope：`tunscope --version`。",
	},
	"mss-by-middlebox": {
		happened: "路径上的路由器在握手中写入了 MSS {mss}。",
		means:
			"它按自己的链路限制 TCP 连接的 MSS；本隧道的外层就是 TCP，会遵守这个值。没有丢失任何数据。",
		whatToDo:
			"一般无需处理。如果大的数据报消失，请在两端把 `--link-mtu` 设为 {mss} 加 40（IPv4）或加 60（IPv6）。",
	},
	"icmp-unreachable": {
		happened: "{reporter} 报告对端不可达（ICMP 类型 {type}，代码 {code}）。",
		means:
			"某台路由器没有通往对端的路由，或者对端主机已关机。流会保留，路由恢复后继续。",
		whatToDo:
			"检查到对端的路径：`ip route get <对端>`、`traceroute -T -p <端口> <对端>`。如果 {reporter} 是您自己的路由器，请检查它的上行线路。",
	},
	"icmp-prohibited": {
		happened:
			"{reporter} 上的防火墙拒绝了隧道的段（ICMP 类型 {type}，代码 {code}）。",
		means: "在该防火墙放行之前，任何数据都无法通过。",
		whatToDo:
			"请在该防火墙上双向放行到服务器端口的 TCP。如果就是服务器本机：`nft list ruleset | grep reject`、`iptables -S | grep REJECT`。",
	},
	"icmp-time-exceeded": {
		happened:
			"{reporter} 报告一个段经过的路由器过多（ICMP 类型 {type}，代码 {code}）。",
		means: "通往对端的路径上存在路由环路。",
		whatToDo:
			"用 `traceroute -T -p <端口> <对端>` 查找：会看到两个地址交替出现。如果其中之一是本机，说明有路由把服务器的地址引进了隧道自身。",
	},
	"icmp-other": {
		happened:
			"{reporter} 发来一条关于隧道的 ICMP 消息（类型 {type}，代码 {code}）。",
		means: "对隧道没有影响。",
		whatToDo: "无需处理。",
	},
	"bad-icmp-checksum": {
		happened: "一条关于隧道的 ICMP 消息校验和错误。",
		means: "它在途中损坏，或者是粗制滥造的伪造品；不予采信。",
		whatToDo: "无需处理。",
	},
	"icmp-unrelated": {
		happened: "收到一条 ICMP 错误，其引用的段不可能是本端任何一条流发出的。",
		means: "它是伪造的，或者与已经结束的流有关；不予采信。",
		whatToDo: "无需处理。",
	},
	"icmp-implausible": {
		happened: "一条 ICMP 错误引用了并不在途的段，或者声称了不可能的 MTU。",
		means: "有人伪造 ICMP 来干扰隧道，或者它迟到了很久；不予采信。",
		whatToDo:
			"隧道本身无需处理。若持续出现，请留意事件中的发送者，或者冒用其地址的人。",
	},
} as const satisfies Partial<AnomalyCatalogue>;
