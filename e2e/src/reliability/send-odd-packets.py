"""Sends packets that no tunnel should get to one address, through the kernel's raw sockets, from this host itself.

usage: send-odd-packets.py each ADDRESS PORT              one of each kind, and a router solicitation to all routers
       send-odd-packets.py flood ADDRESS PORT RATE SECONDS  segments of flows that nobody has, valid otherwise

Both address families; Debian's python3 needs no package for it.
"""
import socket
import struct
import sys
import time

mode, address, port = sys.argv[1], sys.argv[2], int(sys.argv[3])
is_v6 = ":" in address
family = socket.AF_INET6 if is_v6 else socket.AF_INET
source = "2001:db8:77::1" if is_v6 else "198.18.77.1"
FIN, SYN, RST, ACK = 1, 2, 4, 16


def segment(bits, sequence=0, data_offset=5, source_port=40000, payload=b"", is_wrong=False):
    header = struct.pack("!HHIIBBHHH", source_port, port, sequence, 0, data_offset << 4, bits, 0xFFFF, 0, 0)
    bare = header + payload
    pseudo = socket.inet_pton(family, source) + socket.inet_pton(family, address) + struct.pack("!II", len(bare), 6)
    words = pseudo + bare + b"\0" * (len(bare) % 2)
    total = sum(struct.unpack("!%dH" % (len(words) // 2), words))
    while total > 0xFFFF:
        total = (total & 0xFFFF) + (total >> 16)
    checksum = (total ^ 0xFFFF) ^ (0x5555 if is_wrong else 0)
    return bare[:16] + struct.pack("!H", checksum) + bare[18:]


def packet(protocol, body):
    if is_v6:
        fixed = struct.pack("!IHBB", 0x60000000, len(body), protocol, 64)
        return fixed + socket.inet_pton(family, source) + socket.inet_pton(family, address) + body
    # The kernel fills in the total length and the checksum.
    fixed = struct.pack("!BBHHHBBH", 0x45, 0, 0, 0, 0x4000, 64, protocol, 0)
    return fixed + socket.inet_pton(family, source) + socket.inet_pton(family, address) + body


def open_raw():
    raw = socket.socket(family, socket.SOCK_RAW, socket.IPPROTO_RAW)
    if is_v6:
        raw.setsockopt(socket.IPPROTO_IPV6, 36, 1)  # IPV6_HDRINCL
    return raw


def each():
    raw = open_raw()
    for body in (
        segment(ACK, sequence=77, payload=b"x" * 300, source_port=40001, is_wrong=True),
        segment(SYN, sequence=12345, source_port=40002),
        segment(SYN | FIN, source_port=40003),
        segment(RST, sequence=1, source_port=40004),
        segment(ACK, sequence=99, data_offset=4, source_port=40005),
    ):
        raw.sendto(packet(6, body), (address, 0))
    raw.sendto(packet(17, struct.pack("!HHHH", 1, 2, 8, 0)), (address, 0))


def solicit(interface):
    """What a kernel says on every new device, once more (RFC 4861 section 4.1)."""
    out = socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_ICMPV6)
    out.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_HOPS, 255)
    index = socket.if_nametoindex(interface)
    for _ in range(20):
        out.sendto(struct.pack("!BBHI", 133, 0, 0, 0), ("ff02::2", 0, 0, index))


def flood(rate, seconds):
    raw = open_raw()
    # So many tuples that the few which are answered, and which conntrack then takes for closed, do not matter.
    kinds = [
        packet(6, segment(ACK if n % 2 else SYN, sequence=5 + n, payload=b"y" * 40 * (n % 2), source_port=20000 + n))
        for n in range(8192)
    ]
    # Bursts of a millisecond: what is behind the clock is caught up with, but never more than a burst at once.
    burst = max(1, rate // 1000)
    sent, begin = 0, time.monotonic()
    while time.monotonic() - begin < seconds:
        if sent > (time.monotonic() - begin) * rate:
            time.sleep(0.0005)
            continue
        for _ in range(burst):
            raw.sendto(kinds[sent % len(kinds)], (address, 0))
            sent += 1
    print("sent %d in %.2f s" % (sent, time.monotonic() - begin))


if mode == "each":
    each()
    solicit(sys.argv[4])
else:
    flood(int(sys.argv[4]), float(sys.argv[5]))
