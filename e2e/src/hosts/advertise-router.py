"""Sends router advertisements (RFC 4861) on one interface until it is ended: a router, no prefix.

Usage: advertise-router.py INTERFACE LIFETIME_SECONDS INTERVAL_MS
"""

import socket
import struct
import sys
import time

INTERFACE, LIFETIME_SECONDS, INTERVAL_MS = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])

ALL_NODES = "ff02::1"
# Type 134, code 0, checksum by the kernel, hop limit 64, no flags, router lifetime, timers unspecified.
ADVERTISEMENT = struct.pack("!BBHBBHII", 134, 0, 0, 64, 0, LIFETIME_SECONDS, 0, 0)

sender = socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_ICMPV6)
index = socket.if_nametoindex(INTERFACE)
sender.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_HOPS, 255)
sender.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_IF, index)
while True:
    sender.sendto(ADVERTISEMENT, (ALL_NODES, 0, 0, index))
    time.sleep(INTERVAL_MS / 1000)
