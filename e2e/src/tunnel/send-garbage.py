"""Sends packets with a valid IP header and anything behind it to one address, through the kernel's raw sockets.

usage: send-garbage.py ADDRESS PORT COUNT SEED     (Node has no raw sockets; Debian's python3 needs no package for it)
"""
import random
import socket
import struct
import sys
import time

address, port, count, seed = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
is_v6 = ":" in address
random.seed(seed)
BURST = 20


def noise(most):
    return random.randbytes(random.randint(0, most))


def checksummed(source, segment):
    """The segment with a right TCP checksum, so that it gets past the first check."""
    if len(segment) < 18:
        return segment
    pack = socket.inet_pton(family, source) + socket.inet_pton(family, address)
    blank = segment[:16] + b"\0\0" + segment[18:]
    words = pack + struct.pack("!II", len(segment), 6) + blank + b"\0" * (len(segment) % 2)
    total = sum(struct.unpack("!%dH" % (len(words) // 2), words))
    while total > 0xFFFF:
        total = (total & 0xFFFF) + (total >> 16)
    return blank[:16] + struct.pack("!H", total ^ 0xFFFF) + blank[18:]


def tcp_like():
    """A TCP header to the right port, every other field random."""
    source = random.choice([40000, 40001, random.randint(1, 65535)])
    offset_and_bits = random.getrandbits(16) if random.random() < 0.5 else 0x5000 | random.getrandbits(8)
    header = struct.pack(
        "!HHIIHHHH",
        source,
        port if random.random() < 0.8 else random.randint(1, 65535),
        random.choice([0, 1, random.getrandbits(32)]),
        random.choice([0, 1, random.getrandbits(32)]),
        offset_and_bits,
        random.getrandbits(16),
        random.getrandbits(16),
        random.getrandbits(16),
    )
    return (header + noise(200))[: 1000 if random.random() < 0.8 else random.randint(0, 30)]


def icmp_like():
    """An ICMP error that quotes something that may look like one of the tunnel's segments."""
    kind = random.choice([3, 11, 5, 12, 4]) if not is_v6 else random.choice([1, 2, 3, 4])
    return struct.pack("!BBHI", kind, random.randint(0, 15), random.getrandbits(16), random.choice([0, 68, 1400])) + noise(80)


def ipv4_packet(protocol, source, body):
    options = random.randbytes(4 * random.randint(0, 10)) if random.random() < 0.2 else b""
    fragment = random.getrandbits(16) if random.random() < 0.15 else 0x4000
    header = struct.pack(
        "!BBHHHBBH4s4s",
        0x40 | (5 + len(options) // 4),
        random.getrandbits(8),
        0,
        random.getrandbits(16),
        fragment,
        random.randint(2, 255),
        protocol,
        0,
        socket.inet_aton(source),
        socket.inet_aton(address),
    )
    return header + options + body


def ipv6_packet(protocol, source, body):
    if random.random() < 0.2:
        # One extension header of random kind and length in front.
        body = bytes([protocol, random.randint(0, 3)]) + noise(30) + body
        protocol = random.choice([0, 43, 44, 60, 135])
    header = struct.pack("!IHBB", 0x60000000 | random.getrandbits(28), len(body), protocol, random.randint(2, 255))
    return header + socket.inet_pton(socket.AF_INET6, source) + socket.inet_pton(socket.AF_INET6, address) + body


family = socket.AF_INET6 if is_v6 else socket.AF_INET
raw = socket.socket(family, socket.SOCK_RAW, socket.IPPROTO_RAW)
if is_v6:
    raw.setsockopt(socket.IPPROTO_IPV6, 36, 1)  # IPV6_HDRINCL
sent = refused = 0
for turn in range(count):
    shape = random.random()
    if shape < 0.6:
        protocol, body = 6, tcp_like()
    elif shape < 0.75:
        protocol, body = (58 if is_v6 else 1), icmp_like()
    elif shape < 0.9:
        protocol, body = 6, noise(1400)
    else:
        protocol, body = random.randint(0, 255), noise(1400)
    # Few sources, so that some of it hits handshakes that the rest began.
    source = ("2001:db8:77::%x" if is_v6 else "198.18.77.%d") % random.randint(1, 20)
    if protocol == 6 and random.random() < 0.7:
        body = checksummed(source, body)
    packet = ipv6_packet(protocol, source, body) if is_v6 else ipv4_packet(protocol, source, body)
    try:
        raw.sendto(packet, (address, 0))
        sent += 1
    except OSError:
        refused += 1  # the kernel itself found it too odd
    if turn % BURST == 0:
        time.sleep(0.002)
print("sent %d refused %d" % (sent, refused))
