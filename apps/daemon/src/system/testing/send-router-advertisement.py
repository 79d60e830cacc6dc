"""Sends one IPv6 router advertisement to all nodes of a link, as a router does every few minutes (RFC 4861 §4.2).

usage: send-router-advertisement.py INTERFACE PREFIX LIFETIME_SECONDS     (the prefix with 64 bits, e.g. 2001:db8:9::)
"""
import socket
import struct
import sys

interface, prefix, lifetime = sys.argv[1], sys.argv[2], int(sys.argv[3])
HOP_LIMIT, FLAGS_ON_LINK_AND_AUTONOMOUS = 255, 0xC0
advertisement = struct.pack("!BBHBBHII", 134, 0, 0, 64, 0, lifetime, 0, 0)
prefix_option = struct.pack("!BBBBIII", 3, 4, 64, FLAGS_ON_LINK_AND_AUTONOMOUS, 86400, 14400, 0)
prefix_option += socket.inet_pton(socket.AF_INET6, prefix)
with socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_ICMPV6) as raw:
    raw.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_HOPS, HOP_LIMIT)
    index = socket.if_nametoindex(interface)
    raw.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_IF, index)
    raw.sendto(advertisement + prefix_option, ("ff02::1", 0, 0, index))
