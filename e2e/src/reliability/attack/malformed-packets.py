"""Makes the malformed storm's packets with scapy and writes them as a capture of bare IP packets (link type RAW).

usage: malformed-packets.py CAPTURE TARGET PORT SEED FLOW-ADDRESS FLOW-PORT [LARGEST]
Half of the TCP ones carry the live flow's addresses and ports, the others come from elsewhere in the lab's ranges.
LARGEST: octets of a link that takes no super-segments; without it jumbo packets are among them.
"""
import random
import sys

from scapy.layers.inet import GRE, ICMP, IP, TCP, UDP
from scapy.layers.inet6 import (ICMPv6DestUnreach, ICMPv6EchoRequest, ICMPv6PacketTooBig, ICMPv6TimeExceeded,
                                IPv6, IPv6ExtHdrDestOpt, IPv6ExtHdrFragment, IPv6ExtHdrHopByHop, IPv6ExtHdrRouting)
from scapy.packet import Raw
from scapy.utils import RawPcapWriter

LINKTYPE_RAW = 101
FLAGS = "FSRPAUEC"
# Kind and length octets that a careless walk would follow out of the header, or for ever.
BAD_OPTIONS = [
    b"\x02\x00\x05\xb4", b"\x02\x01\x05\xb4", b"\x02\x05\x05\xb4", b"\x02\xff\x05\xb4", b"\x03\x00\x00\x00",
    b"\x01\x01\x01\x02", b"\x01\x01\x02\x04", b"\x00\xff\x00\xff", b"\xfe\x00\xfe\x00", b"\x01\x03\x03\xff\x02\x04\xff\xff",
    b"\x05\x0a" + b"\xff" * 8, b"\x08\x00" + b"\xff" * 10, b"\x13\x12" + b"\xaa" * 16, b"\x01" * 40, b"\x02\x04\x00\x00" * 10,
]

capture, target, port, seed, flow_address, flow_port = sys.argv[1:7]
largest = int(sys.argv[7]) if len(sys.argv) > 7 else 65_535
port, flow_port = int(port), int(flow_port)
random.seed(int(seed))
is_v6 = ":" in target


def stranger():
    low = random.randint(1, 0xFFFE)
    return f"2001:db8:77::{low:x}" if is_v6 else f"198.18.{64 + (low >> 8) % 64}.{low & 0xFF}"


def network(source=None, **fields):
    return (IPv6 if is_v6 else IP)(src=source or stranger(), dst=target, **fields)


def numbers():
    return {"seq": random.choice([0, 1, random.getrandbits(32)]), "ack": random.choice([0, 1, random.getrandbits(32)])}


def both(**tcp):
    """The same segment as the live flow's and as a stranger's."""
    yield network(flow_address) / TCP(sport=flow_port, dport=port, **{**numbers(), **tcp})
    yield network() / TCP(sport=random.randint(1, 65_535), dport=port, **{**numbers(), **tcp})


def some(most=200):
    return Raw(random.randbytes(random.randint(0, most)))


def control_bits():
    for bits in range(256):
        flags = "".join(flag for place, flag in enumerate(FLAGS) if bits >> place & 1)
        for packet in both(flags=flags, urgptr=random.choice([0, 0xFFFF])):
            yield packet / some()


def tcp_headers():
    for offset in range(16):
        for packet in both(flags="PA", dataofs=offset):
            yield packet
            yield packet / some(60)
    for options in BAD_OPTIONS:
        padded = options + b"\0" * (-len(options) % 4)
        for flags in ("S", "SA", "PA"):
            for packet in both(flags=flags, dataofs=5 + len(padded) // 4, seq=0):
                yield packet / Raw(padded)
    for packet in both(flags="PA", chksum=0xBEEF):
        yield packet / some()
        yield packet / some(1_400)
    for packet in both(flags="A", reserved=7, window=0):
        yield packet


def cut_short():
    """The first octets of a segment, with and without a length field that admits it."""
    whole = bytes(next(both(flags="PA")) / Raw(b"x" * 20))
    header = 40 if is_v6 else 20
    for length in range(len(whole)):
        yield whole[:length]
        if length >= header:
            admitted = {"plen": length - header, "nh": 6} if is_v6 else {"len": length, "proto": 6}
            yield network(flow_address, **admitted) / Raw(whole[header:length])


def lengths_that_lie():
    for packet in both(flags="PA"):
        whole = bytes(packet / Raw(b"y" * 100))
        for lie in (0, 1, 19, 20, 39, 40, len(whole) - 41, len(whole) - 1, len(whole) + 1, 0x7FFF, 0xFFFF):
            changed = network(flow_address, **({"plen": lie, "nh": 6} if is_v6 else {"len": lie, "proto": 6}))
            yield bytes(changed) + whole[len(bytes(changed)):]


def versions():
    whole = bytearray(bytes(next(both(flags="PA"))))
    for version in range(16):
        if version not in (4, 6):
            yield bytes([version << 4 | whole[0] & 0xF]) + bytes(whole[1:])


def ipv4_headers():
    segment = bytes(next(both(flags="PA")) / some())[20:]
    for length in range(16):
        options = random.choice([b"\x01" * 40, b"\x07\x00" * 20, b"\x44\x01" * 20, b"\x83\xff" * 20])
        head = IP(src=flow_address, dst=target, proto=6, ihl=length)
        yield bytes(head) + segment
        if length > 5:
            octets = 4 * length - 20
            shown = IP(src=flow_address, dst=target, proto=6, ihl=length, len=20 + octets + len(segment))
            yield bytes(shown / Raw(options[:octets] + segment))
    yield IP(src=flow_address, dst=target, chksum=0xDEAD) / TCP(dport=port) / some()
    yield IP(src=flow_address, dst=target, ttl=0) / TCP(dport=port, flags="A")
    yield IP(src=flow_address, dst="198.18.99.99") / TCP(dport=port, flags="A")
    yield IP(src=flow_address, dst=flow_address) / TCP(dport=port, flags="S")


def ipv6_chains():
    kinds = [IPv6ExtHdrHopByHop, IPv6ExtHdrRouting, IPv6ExtHdrDestOpt]
    for links in range(1, 13):
        packet = network()
        for _ in range(links):
            packet = packet / random.choice(kinds)()
        yield packet / TCP(dport=port, flags="PA") / some()
    for first in (0, 43, 60, 44, 51, 50, 59, 135, 139, 140, 253):
        for length in (0, 1, 7, 255):
            yield bytes(network(nh=first)) + b""
            yield bytes(network(nh=first) / Raw(bytes([first, length]) + random.randbytes(random.randint(0, 40))))
    yield network() / IPv6ExtHdrFragment(nh=6, offset=0, m=0) / TCP(dport=port, flags="PA")
    yield network(plen=0, nh=0) / Raw(b"\x06\x00\xc2\x04\x00\x01\x00\x00" + b"j" * 60)  # jumbogram option, RFC 2675
    yield network(hlim=0) / TCP(dport=port)
    yield IPv6(src=flow_address, dst="2001:db8:99::99") / TCP(dport=port, flags="A")


def other_protocols():
    yield network() / UDP(dport=port) / some()
    yield network() / GRE() / some()
    for protocol in (1, 2, 4, 17, 33, 41, 47, 50, 51, 58, 88, 89, 103, 132, 136, 254, 255):
        yield network(**({"nh": protocol} if is_v6 else {"proto": protocol}))
        yield network(**({"nh": protocol} if is_v6 else {"proto": protocol})) / some(300)


def icmp_errors():
    """Errors that quote what we never sent, half a segment, or nothing at all."""
    theirs = IPv6(src=target, dst=stranger()) if is_v6 else IP(src=target, dst=stranger())
    quoted = bytes(theirs / TCP(sport=port, dport=1_234, seq=99, flags="A"))
    for octets in (0, 1, 8, 19, 20, 27, 28, 40, 47, 48, len(quoted)):
        quote = Raw(quoted[:octets])
        if is_v6:
            for error in (ICMPv6DestUnreach(code=1), ICMPv6PacketTooBig(mtu=random.choice([0, 68, 1279, 1280, 9000, 0xFFFFFFFF])),
                          ICMPv6TimeExceeded()):
                yield network() / error / quote
        else:
            for kind, code in ((3, 0), (3, 1), (3, 3), (3, 4), (3, 13), (4, 0), (5, 1), (11, 0), (12, 0)):
                yield network() / ICMP(type=kind, code=code, nexthopmtu=random.choice([0, 68, 575, 576, 1400, 65_535])
                                       if code == 4 else 0) / quote
    yield network() / (ICMPv6EchoRequest() if is_v6 else ICMP(type=8)) / some()


def noise():
    for _ in range(200):
        yield network(flow_address, **({"nh": 6} if is_v6 else {"proto": 6})) / some(300)


def jumbos():
    for octets in (1_600, 3_000, 9_000, 40_000, 65_000):
        for packet in both(flags="PA"):
            yield packet / Raw(random.randbytes(octets))


shapes = [control_bits, tcp_headers, cut_short, lengths_that_lie, versions, other_protocols, icmp_errors, noise, jumbos]
shapes.append(ipv6_chains if is_v6 else ipv4_headers)
packets = [bytes(packet) for shape in shapes for packet in shape()]
packets = [packet for packet in packets if len(packet) <= largest]
random.shuffle(packets)
with RawPcapWriter(capture, linktype=LINKTYPE_RAW) as writer:
    writer.write_header(None)
    for packet in packets:
        writer.write_packet(packet)
print(len(packets))
