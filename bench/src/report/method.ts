// How the figures come about, for the reader of docs/benchmarks.md.

export const METHOD = `## How it is measured

- **Lab.** Per column two network namespaces joined by one veth pair (MTU 1500), all on this machine's cores: generator, both daemons and sink share them. NAT on both ends: our daemon sets its own up; stock gets the rules of its README. No other firewall. All columns are up side by side, and runs go round by round through them. *cut* is \`ethtool -K eth0 tso off gso off gro on\` on both ends.
- **Generator.** On the product's own batch sockets (\`@tunscope/tun\`), a process of its own. *one send per datagram*: one sendmmsg call with one message for each datagram. *sendmmsg*: 64 messages per call, no UDP_SEGMENT. *UDP_SEGMENT*: one message of 46 × 1,400 B per call. Unthrottled it never waits, so what a tunnel cannot carry is lost in front of it, by design. Throttled it sends what is due, then sleeps 0.25 ms.
- **Sink.** The same sockets; 4 MiB receive buffer; recvmmsg of up to 64 messages, with UDP_GRO where the table says so. It checks size, flow and sequence of every datagram, counts doubled, late and foreign ones, and answers the first datagram of each flow (one-way traffic through stock Phantun stalls otherwise).
- **Goodput** is UDP payload that arrived and passed the checks, from 0.5 s (or a quarter of the run) after the generator's first datagram to its last.
- **Round trips**: one datagram under way at a time; both ends wait in epoll, neither spins.
- **CPU**: utime and stime of the daemons, all threads, from /proc/<pid>/stat; the whole machine from /proc/stat.
- **No randomness**: datagrams are numbered and their bytes fixed, so there are no seeds; every run opens a new flow from a new port.
- **One row again**: \`npm run bench -- --only goodput\` (a comma-separated list of goodput, small, loss, cpu, round-trip, flows, user-share, heap, memory, start-up, not-yet, micro), \`--profile offload|cut\`, \`--rounds N\`. \`npm run bench -- --short\` is what CI runs: *offload* only, two rounds, writes nothing.`;
