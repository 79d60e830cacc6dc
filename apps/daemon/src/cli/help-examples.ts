// The examples at the end of each command's help: complete lines that work as they stand.

import type { TunnelRole } from "@tunscope/shared/lean";

export const ROOT_EXAMPLES = `
Examples:
  On the server, where WireGuard listens on UDP port 51820:
    tunscope server --local 4567 --remote 127.0.0.1:51820
  On the client, where WireGuard's Endpoint is 127.0.0.1:51821:
    tunscope client --local 127.0.0.1:51821 --remote 192.0.2.1:4567
`;

export const EXAMPLES: Readonly<Record<TunnelRole, string>> = {
	client: `
Examples:
  tunscope client --local 127.0.0.1:51821 --remote 192.0.2.1:4567
      carries what is sent to UDP 127.0.0.1:51821 to the server at 192.0.2.1, port 4567
  tunscope client -l '[::1]:51821' -r vpn.example.net:4567 --interface wan0
      the server by name, packets leave by wan0 only
  tunscope client -l 127.0.0.1:51821 -r 192.0.2.1:4567 --host-setup print
      prints the firewall rules and settings that are needed, and changes nothing

SIGTERM or Ctrl-C ends the tunnel and undoes everything that it changed. Exit codes: docs/exit-codes.md
`,
	server: `
Examples:
  tunscope server --local 4567 --remote 127.0.0.1:51820
      hands what clients send to TCP port 4567 to the UDP service on port 51820 of this host
  tunscope server -l 4567 -r '[2001:db8::7]:51820' --idle-timeout 10m
      an IPv6 target, and flows that live for ten minutes without traffic
  tunscope server -l 4567 -r 127.0.0.1:51820 --interface eth0 --json
      clients on eth0 only, structured logs

SIGTERM or Ctrl-C ends the tunnel and undoes everything that it changed. Exit codes: docs/exit-codes.md
`,
};

export const STATUS_EXAMPLES = `
Examples:
  tunscope status
      a table of all tunnels of this network namespace, with details where there are few
  tunscope status client_51821
      everything about one tunnel
  tunscope status --json | jq '.instances[].tunnels[] | {name, state, drops}'
      for programs; without a terminal it is JSON anyway

Ends with 0 when all tunnels run, with 1 when one does not, with 3 when no tunscope runs here.
`;

export const CAPTURE_EXAMPLES = `
Examples:
  tunscope capture wireguard -o wireguard.pcapng
      the last packets of the tunnel wireguard, for Wireshark
  tunscope capture wireguard | tshark -r - -Y frame.comment
      those that were discarded or remarkable, with the reason as comment
  tunscope capture wireguard --follow | wireshark -k -i -
      live

The tunnel must run with --capture 8MiB, or with "capture: 8MiB" in its file. Ends with 0 when the capture is whole,
with 1 when there is no such tunnel or it keeps no packets, with 3 when no tunscope runs here.
`;

export const RECONNECT_EXAMPLES = `
Examples:
  tunscope reconnect
      every flow of every client goes on from a new port, over a new handshake
  tunscope reconnect wireguard
      those of one tunnel

No datagram is lost by it: an open flow is left only when the one that follows it is open. Ends with 0, with 1 when a
tunnel is not there, is a server or does not run now, with 3 when no tunscope runs here.
`;

export const ANOMALIES_EXAMPLES = `
Examples:
  tunscope anomalies
      what was odd so far about the traffic of all tunnels, what it means and what to do
  tunscope anomalies wireguard --follow
      of one tunnel, as it comes
  tunscope anomalies --json | jq -r 'select(.severity == "error") | .text.happened'
      for programs; without a terminal it is one JSON object per line anyway

The sentences are Chinese where the locale is (LANG=zh_CN.UTF-8). Ends with 0, with 1 when a tunnel is not there or its
process does not answer, with 3 when no tunscope runs here.
`;

export const COMPLETION_EXAMPLES = `
Examples:
  source <(tunscope completion bash)
      for this shell
  tunscope completion bash > /etc/bash_completion.d/tunscope
      for all later ones
`;

export const UP_EXAMPLES = `
Examples:
  tunscope up
      runs all tunnels of /etc/tunscope/tunscope.yaml
  tunscope up -c tunnels.yaml --state-dir /tmp/tunscope-state
      another file, and another folder for what is remembered between starts
  kill -HUP $(pidof tunscope)
      reads the file again: only tunnels that changed restart; a file with a mistake changes nothing

What may stand in the file: docs/configuration.md. SIGTERM or Ctrl-C ends all tunnels and undoes everything that was changed.
`;

export const CHECK_EXAMPLES = `
Examples:
  tunscope check -c tunnels.yaml
      what is wrong with the file, or which names, addresses, rules and settings each tunnel would get
  tunscope check -q && kill -HUP $(pidof tunscope)
      reloads only a file without a mistake

Exit codes: 0 the file is right and every tunnel could start, 66 the file cannot be read, 78 it is wrong; otherwise
the code with which a tunnel's start would end now.
`;

export const CONVERT_EXAMPLES = `
Examples:
  tunscope convert /etc/systemd/system/phantun.service > tunscope.yaml
      a unit file; what cannot be carried over is said on standard error
  tunscope convert -- udp2raw -s -l 0.0.0.0:4096 -r 127.0.0.1:7777 -k passwd --raw-mode faketcp
      one command line
`;
