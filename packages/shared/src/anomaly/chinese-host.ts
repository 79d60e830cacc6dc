// Chinese sentences about this host and the sizes it may send: applications, sockets, the TUN, limits, MTU.

import type { AnomalyCatalogue } from "./anomaly-text.js";

export const CHINESE_HOST = {
	"udp-queue-full": {
		happened: "应用的套接字已满，部分数据报被丢弃。",
		means: "UDP 应用读取数据的速度跟不上隧道交付的速度。",
		whatToDo:
			"加大应用的接收队列：`sysctl -w net.core.rmem_max=8388608 net.core.rmem_default=8388608`，然后重启应用；或者给它更多 CPU。",
	},
	"udp-too-big": {
		happened: "一个数据报太大，无法送到 UDP 应用。",
		means: "对端发来的数据报超过了通往应用的接口所能通过的大小。",
		whatToDo: "调大通往应用的接口的 MTU，或者在对端调低隧道内部的 MTU。",
	},
	"udp-send-failed": {
		happened: "把数据报交给 UDP 应用时失败。",
		means: "内核拒绝向应用的地址发送。",
		whatToDo:
			"检查 tunscope 与应用之间的路由和防火墙：`ip route get <地址>`、`nft list chain inet filter output`。",
	},
	"oversize-datagram": {
		happened:
			"拒绝了一个 {datagramOctets} 字节的数据报：路径最多通过 {limitOctets} 字节。",
		means:
			"应用的数据包对隧道来说太大：大包消失、小包能通，表现为 ping 正常而连接卡住。",
		whatToDo:
			"在两端设置 WireGuard 的 MTU：在 [Interface] 段写 `MTU = {wireguardMtu}`，立即生效用 `ip link set wg0 mtu {wireguardMtu}`。其他应用：数据报不要超过 {limitOctets} 字节。",
	},
	"pending-full": {
		happened: "等待握手的数据报过多，有一个被丢弃。",
		means: "应用发送的速度比连接建立得快。",
		whatToDo:
			"只在刚开始时出现可以忽略。否则是服务器没有应答，请看握手类的异常。",
	},
	"no-flow-slot": {
		happened: "拒绝了一个新的应用：所有流都在使用，没有一条是空闲的。",
		means: "已达到 --max-flows 的上限。",
		whatToDo: "请调大 `--max-flows`，或者让应用少用一些源端口。",
	},
	"no-free-port": {
		happened: "到这台服务器的源端口已全部用完。",
		means: "同时存在的流多于一个地址对一台服务器所能有的数量。",
		whatToDo:
			"把 `--max-flows` 调到 28000 以下，或者再开一条到服务器另一端口的隧道。",
	},
	"tun-queue-full": {
		happened: "TUN 的队列已满，部分数据包被丢弃。",
		means: "内核送出数据包的速度跟不上到达的速度。",
		whatToDo:
			"如果不是一瞬间的现象：`ip link set <tun> txqueuelen 10000`，并检查 CPU 负载（`top`）和其后的网卡（`tc -s qdisc`）。",
	},
	"tun-down": {
		happened: "TUN 已关闭或消失，数据报被丢弃。",
		means: "有人关闭或删除了它。",
		whatToDo:
			"`ip link set <tun> up`；如果是被删除，tunscope 会自动重建（--on-tun-lost recreate）。",
	},
	"tun-write-failed": {
		happened: "写入 TUN 失败。",
		means: "内核拒绝了数据包，原因未知。",
		whatToDo: "请查看 `dmesg` 中同一时刻的消息，并附上 `uname -r` 反馈。",
	},
	"link-mtu-differs": {
		happened: "两端的链路 MTU 不同：本端 {oursOctets}，对端 {peersOctets}。",
		means: "双方都以较小的为准，tunscope 会自动遵守。",
		whatToDo:
			"隧道本身无需处理。请让两端隧道内部的 MTU 适合较小的值：WireGuard `MTU = {wireguardMtu}`。",
	},
	"path-mtu-lowered": {
		happened:
			"{reporter} 报告路径最多通过 {pathMtu} 字节的数据包（此前为 {limitBefore}）。",
		means:
			"路径上有一段链路比两端的链路都小。从现在起更大的数据报会被拒绝并计数；10 分钟后会再次尝试原来的大小。",
		whatToDo:
			"在两端设置 WireGuard 的 MTU：在 [Interface] 段写 `MTU = {wireguardMtu}`，立即生效用 `ip link set wg0 mtu {wireguardMtu}`。",
	},
	"path-mtu-restored": {
		happened: "重新按 {pathMtu} 字节尝试这条路径。",
		means: "10 分钟内没有再收到链路变小的报告。",
		whatToDo: "无需处理。",
	},
	"tun-lost": {
		happened: "TUN 不可用了（{cause}）。",
		means: "是其他程序或人为造成的；在此期间隧道不传输任何数据。",
		whatToDo:
			"如果是被关闭：`ip link set <tun> up`。被删除的会自动重建；请查明是谁删除的（NetworkManager、systemd-networkd、脚本），并在那里把它排除。",
	},
	"tun-restored": {
		happened: "TUN 已恢复。",
		means: "隧道恢复传输。",
		whatToDo: "无需处理。",
	},
	"tun-renamed": {
		happened: "有人把 TUN 从 {from} 改名为 {to}。",
		means: "规则和设置已随之更新。",
		whatToDo:
			"如果不是您所为，请在给接口命名的规则（udev、systemd 的 .link 文件）中把这个 TUN 排除。",
	},
	"target-refuses": {
		happened: "服务器后面的 UDP 服务拒绝接收数据报。",
		means:
			"--remote 指定的地址上没有程序在监听。流会保留，但在它开始监听之前数据报会丢失。",
		whatToDo:
			"请启动该 UDP 服务，或者改正 `--remote`：`ss -lunp` 可以看到谁在监听哪里。",
	},
	"target-answers": {
		happened: "服务器后面的 UDP 服务恢复接收数据报。",
		means: "故障已经解除。",
		whatToDo: "无需处理。",
	},
	"udp-buffer-overflow": {
		happened: "应用的数据报在 tunscope 读取之前就被内核丢弃了。",
		means: "突发流量超过了套接字缓冲区，或者 CPU 太忙。",
		whatToDo:
			"执行 `sysctl -w net.core.rmem_max=8388608` 并重启隧道。如果仍然出现，说明一个 CPU 核心处理不了这样的速率。",
	},
	"socket-unavailable": {
		happened: "无法为新的流打开 UDP 套接字（{error}）。",
		means: "这个客户端发来的数据会丢失。",
		whatToDo:
			"调大可打开的文件数（systemd 单元中的 `LimitNOFILE=65536`），或者调小 `--max-flows`。",
	},
	"worker-restarted": {
		happened: "隧道的工作线程意外结束，{pauseMs} 毫秒后重新启动。",
		means: "这条隧道的所有流都会重新建立。",
		whatToDo: "原因请看日志。如果日志说这是程序缺陷，请反馈给我们。",
	},
} as const satisfies Partial<AnomalyCatalogue>;
