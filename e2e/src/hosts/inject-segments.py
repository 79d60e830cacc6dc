"""Overhears a TCP connection, then forges segments of it in both directions, 2 GiB outside of every window.

usage: inject-segments.py IP_VERSION PORT ROUNDS     (on a router between the ends; Node has no raw sockets)
Prints how many it has sent in each direction.
"""
import socket
import struct
import sys
import time

version, port, rounds = int(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
FIN, RST, PSH, ACK = 1, 4, 8, 16
FAR = 1 << 31
LISTEN_LIMIT_S = 10
ETH_P_ALL = 0x0003
family = socket.AF_INET if version == 4 else socket.AF_INET6
ADDRESS_BYTES = 4 if version == 4 else 16


def parse(packet):
    """(from, to, ports, sequence, acknowledgement) of a TCP segment to or from the port, else None."""
    if len(packet) < 40 or packet[0] >> 4 != version:
        return None
    header, protocol, at = (20, packet[9], 12) if version == 4 else (40, packet[6], 8)
    if protocol != socket.IPPROTO_TCP or len(packet) < header + 20:
        return None
    addresses = packet[at:at + ADDRESS_BYTES], packet[at + ADDRESS_BYTES:at + 2 * ADDRESS_BYTES]
    ports_and_numbers = struct.unpack("!HHII", packet[header:header + 12])
    return (*addresses, *ports_and_numbers) if port in ports_and_numbers[:2] else None


def overhear():
    """The last segment of each direction, as seen within a moment."""
    seen, end = {}, time.monotonic() + LISTEN_LIMIT_S
    with socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(ETH_P_ALL)) as ear:
        ear.settimeout(1)
        while len(seen) < 2:
            if time.monotonic() > end:
                sys.exit(f"only {len(seen)} directions heard")
            try:
                found = parse(ear.recv(65535))
            except TimeoutError:
                continue
            if found:
                seen[found[2] == port] = found
    return seen.values()


def checksum(data):
    total = sum(struct.unpack("!%dH" % (len(data) // 2), data))
    while total > 0xFFFF:
        total = (total & 0xFFFF) + (total >> 16)
    return total ^ 0xFFFF


def forge(found, flags, payload):
    source, target, source_port, target_port, sequence, acknowledgement = found
    head = struct.pack("!HHIIBB", source_port, target_port, (sequence + FAR) & 0xFFFFFFFF, acknowledgement, 5 << 4, flags)
    blank = head + struct.pack("!HHH", 0xFFFF, 0, 0) + payload
    total = checksum(source + target + struct.pack("!II", len(blank), 6) + blank)
    body = head + struct.pack("!HHH", 0xFFFF, total, 0) + payload
    if version == 6:
        return struct.pack("!IHBB", 6 << 28, len(body), 6, 64) + source + target + body
    return struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(body), 0, 0x4000, 64, 6, 0) + source + target + body


KINDS = [(ACK, b""), (PSH | ACK, b"forged"), (FIN | ACK, b""), (RST, b""), (RST | ACK, b"")]
with socket.socket(family, socket.SOCK_RAW, socket.IPPROTO_RAW) as raw:
    for found in overhear():
        target = socket.inet_ntop(family, found[1])
        for turn in range(rounds):
            for flags, payload in KINDS:
                raw.sendto(forge(found, flags, payload), (target, 0) if version == 4 else (target, 0, 0, 0))
print(rounds * len(KINDS))
