"""Forges packets about a flow whose numbers are known: the exact reset, and "packet too big" messages of every kind.

usage: forge.py INTERFACE JSON
{"kind": "exact-rst", "port"}: waits until the flow at the port is quiet, then resets it towards the port with the very
sequence number that is due next.
{"kind": "too-big", "router", "from", "fromPort", "to", "toPort", "quotes": [{"mtu", "sequence", "toPort"?, "octets"?}]}:
from `router` to `to`, about segments that went from `to` to `from`.
"""
import json
import socket
import struct
import sys
import time

from overhear import Ear
from wire import RawLink, folded, ip_header, report, tcp_octets, word_sum

RST, ACK = 4, 16
QUIET_S, LISTEN_LIMIT_S = 0.3, 40


def packed(address):
    return socket.inet_pton(socket.AF_INET6 if ":" in address else socket.AF_INET, address)


def exact_reset(interface, port):
    last = None
    ear, end = Ear(interface), time.monotonic() + LISTEN_LIMIT_S
    while time.monotonic() < end:
        quiet = True
        for heard in ear.segments(port, QUIET_S):
            quiet = False
            last = heard if heard.ports[1] == port else last
        if quiet and last is not None:
            break
    else:
        raise SystemExit("the flow is never quiet, or there is none")
    sequence = last.sequence + len(last.payload)
    segment = tcp_octets(last.source, last.target, last.ports, (sequence, 0), RST)
    return ip_header(last.source, last.target, len(segment)) + segment


def too_big(order, quote):
    """ICMP type 3 code 4 or ICMPv6 type 2, as a router on the way would send it to the segment's sender."""
    router, sender, peer = packed(order["router"]), packed(order["to"]), packed(order["from"])
    ports = (quote.get("toPort", order["toPort"]), order["fromPort"])
    segment = tcp_octets(sender, peer, ports, (quote["sequence"], 1), ACK)
    is_v6 = len(sender) == 16
    quoted = (ip_header(sender, peer, 1_400) + segment)[:quote.get("octets", 60)]
    body = struct.pack("!BBHI", *((2, 0) if is_v6 else (3, 4)), 0, quote["mtu"]) + quoted
    pseudo = word_sum(router + sender) + len(body) + 58 if is_v6 else 0
    checksum = folded(pseudo + word_sum(body)) ^ 0xFFFF
    body = body[:2] + struct.pack("!H", checksum) + body[4:]
    return ip_header(router, sender, len(body), 58 if is_v6 else 1) + body


if __name__ == "__main__":
    link, order = RawLink(sys.argv[1]), json.loads(sys.argv[2])
    is_reset = order["kind"] == "exact-rst"
    packets = [exact_reset(sys.argv[1], order["port"])] if is_reset else [too_big(order, quote) for quote in order["quotes"]]
    report(link.shoot(iter([link.frame(packet) for packet in packets]), 1_000, len(packets)))
