"""Shoots first fragments of datagrams that will never be whole, each with another identification, at one address.

usage: fragment-storm.py INTERFACE FROM TO COUNT SOURCES RATE SEED
FROM is the live flow's address; SOURCES more take turns with it. At most 32,768 identifications: the rest of the space is
for those who send whole datagrams meanwhile.
"""
import random
import socket
import struct
import sys

from wire import RawLink, ip_header, report

MORE, NEXT_HEADER_FRAGMENT, TCP = 0x2000, 44, 6
OCTETS = 1_000


def stranger(family):
    low = random.randint(1, 0xFFFE)
    return socket.inet_pton(family, f"2001:db8:55::{low:x}" if family == socket.AF_INET6 else f"198.18.{128 + (low >> 8) % 100}.{low & 0xFF}")


def fragment(source, target, identification):
    octets = random.randbytes(OCTETS)
    if len(source) == 4:
        return ip_header(source, target, OCTETS, TCP, identification & 0xFFFF, MORE) + octets
    return ip_header(source, target, OCTETS + 8, NEXT_HEADER_FRAGMENT) + struct.pack("!BBHI", TCP, 0, 1, identification) + octets


if __name__ == "__main__":
    interface, flow, target, count, sources, rate, seed = sys.argv[1:]
    random.seed(int(seed))
    family = socket.AF_INET6 if ":" in target else socket.AF_INET
    link, to = RawLink(interface), socket.inet_pton(family, target)
    senders = [socket.inet_pton(family, flow), *(stranger(family) for _ in range(int(sources)))]
    frames = (link.frame(fragment(senders[turn % len(senders)], to, turn % 0x8000)) for turn in range(int(count)))
    report(link.shoot(frames, int(rate), int(count)))
