"""Overhears data segments of a live flow and shoots copies of them, in honest and in hostile fragments, at one end.

usage: hostile-fragments.py INTERFACE PORT ROUNDS FIRST-IDENTIFICATION all|honest
Honest copies must come out as duplicates. Each hostile set has 16-bit words swapped, which no checksum notices: whatever
of it is delivered is corrupt. Beside a storm only the honest are shot: where memory is short and the first piece of a
hostile set is discarded, the rest of it may be a whole datagram. Prints how many of either were shot: {"honest", "either", "hostile", "incomplete"}.
"""
import itertools
import struct
import sys

from overhear import Ear
from wire import RawLink, ip_header, report, tcp_octets

MORE, NEXT_HEADER_FRAGMENT, TCP = 0x2000, 44, 6
LEAST_PAYLOAD, MOST_PAYLOAD = 400, 1_400
ROUND_LIMIT_S = 2
PSH, ACK = 8, 16


class Shot:
    """The pieces of one datagram: addresses, identification, and (offset, octets, has more) of each."""

    def __init__(self, ends, segment, identification):
        self.ends, self.segment, self.identification = ends, segment, identification

    def another(self, segment):
        """Another datagram under the same identification."""
        return Shot(self.ends, segment, self.identification)

    def piece(self, offset, octets, more, is_atomic=False):
        source, target = self.ends
        if len(source) == 4:
            fragment = (MORE if more else 0) | offset >> 3
            return ip_header(source, target, len(octets), TCP, self.identification & 0xFFFF, fragment) + octets
        head = struct.pack("!BBHI", TCP, 0, offset | (1 if more and not is_atomic else 0), self.identification)
        return ip_header(source, target, 8 + len(octets), NEXT_HEADER_FRAGMENT) + head + octets

    def cut(self, *places):
        """The segment cut at these places, each a multiple of 8."""
        edges = (0, *places, len(self.segment))
        return [self.span(start, end) for start, end in zip(edges, edges[1:])]

    def span(self, start, end, octets=None):
        octets = self.segment[start:end] if octets is None else octets
        return self.piece(start, octets, end < len(self.segment))


def swapped(octets, place):
    """The octets with the two 16-bit words behind an even place exchanged: the checksum stays the same."""
    for at in range(place, len(octets) - 4, 2):
        if octets[at:at + 2] != octets[at + 2:at + 4]:
            return octets[:at] + octets[at + 2:at + 4] + octets[at:at + 2] + octets[at + 4:]
    return octets


def genuine(heard):
    return tcp_octets(heard.source, heard.target, heard.ports, (heard.sequence, heard.acknowledgement), PSH | ACK, heard.payload)


# Sets that are whole datagrams, however odd: (pieces) of an unchanged copy.

def in_order(shot):
    return shot.cut(200, 304)


def backwards(shot):
    return shot.cut(8 * 20, 8 * 30, 8 * 40)[::-1]


def tails_of_eight(shot):
    end = (len(shot.segment) - 1) // 8 * 8
    return shot.cut(end - 8, end)


def exact_duplicates(shot):
    first, middle, last = shot.cut(200, 304)
    return [first, first, middle, first, middle, last]


def tiny_first(shot):
    """The TCP header itself is cut: legal by RFC 791, refused by some for RFC 1858's reasons."""
    return shot.cut(8, 16)


def atomic(shot):
    """IPv6: a fragment header on a whole packet (RFC 6946). IPv4 has no such thing: just a whole datagram with DF clear."""
    return [shot.piece(0, shot.segment, False, is_atomic=True)]


# Sets of which nothing may come out: pieces of a copy whose words are swapped, against pieces with other words.

def overlap_before(shot):
    return [shot.span(0, 200), shot.span(192, 304, swapped(shot.segment, 196)[192:304]), shot.span(304, len(shot.segment))]


def overlap_behind(shot):
    return [shot.span(192, 304), shot.span(0, 200, swapped(shot.segment, 192)[0:200]), shot.span(304, len(shot.segment))]


def overlap_inside(shot):
    return [shot.span(0, 304), shot.span(96, 200, swapped(shot.segment, 100)[96:200]), shot.span(304, len(shot.segment))]


def overlap_outside(shot):
    return [shot.span(96, 200), shot.span(0, 304, swapped(shot.segment, 100)[0:304]), shot.span(304, len(shot.segment))]


def same_place_other_octets(shot):
    return [shot.span(0, 200), shot.span(0, 200, swapped(shot.segment, 100)[0:200]), shot.span(200, len(shot.segment))]


def conflicting_last(shot):
    short = len(shot.segment) // 8 * 8 - 16
    return [shot.piece(short - 8, shot.segment[short - 8:short], False), *shot.cut(200, 304)]


def beyond_the_last(shot):
    end = len(shot.segment)
    return [shot.piece(304, shot.segment[304:end // 8 * 8], False), shot.piece(end // 8 * 8 + 8, b"beyond!!", True), *shot.cut(200, 304)[:2]]


def identification_again(shot):
    """The head of one datagram, then a whole other one under the same identification."""
    other = shot.another(swapped(shot.segment, 60))
    return [shot.span(0, 200), *other.cut(200, 304)]


# Sets that can never become a datagram.

def past_the_largest(shot):
    return [shot.span(0, 200), shot.piece(65_528, b"z" * 100, False)]


def far_and_more(shot):
    return [shot.span(0, 200), shot.piece(65_528, b"z" * 8, True)]


def no_octets(shot):
    return [shot.span(0, 200), shot.piece(200, b"", True), shot.piece(304, b"", False), shot.piece(0, b"", True)]


def odd_middle(shot):
    return [shot.piece(0, shot.segment[:203], True), shot.piece(208, shot.segment[208:], False)]


def lone_tail(shot):
    return [shot.cut(200, len(shot.segment) - 8 & ~7)[-1]]


def lone_first(shot):
    return [shot.cut(200)[0]]


def to_nobody(shot):
    """A whole datagram for a flow that does not exist: not even that is answered with a reset."""
    source, target = shot.ends
    segment = tcp_octets(source, target, (9, 4567), (5, 5), ACK, bytes(600))
    return shot.another(segment).cut(200, 304)


HONEST = [in_order, backwards, tails_of_eight, exact_duplicates, atomic]
EITHER = [tiny_first]
HOSTILE = [overlap_before, overlap_behind, overlap_inside, overlap_outside, same_place_other_octets, conflicting_last,
           beyond_the_last, identification_again, past_the_largest, far_and_more, no_octets, odd_middle, lone_tail, lone_first,
           to_nobody]


def main(interface, port, rounds, first, makers_by_kind):
    # Each once: what is discarded is remembered for some seconds, so that its late pieces find no friends.
    identifications = itertools.count(first)
    link, ear = RawLink(interface), Ear(interface)
    figures = {"honest": 0, "either": 0, "hostile": 0, "incomplete": 0}
    for _ in range(rounds):
        fresh = (heard for heard in ear.segments(port, ROUND_LIMIT_S)
                 if heard.ports[1] == port and LEAST_PAYLOAD <= len(heard.payload) <= MOST_PAYLOAD)
        for kind, makers in makers_by_kind.items():
            for make in makers:
                heard = next(fresh, None)
                if heard is None:
                    raise SystemExit(f"no data segment to port {port} heard on {interface}")
                copy = genuine(heard)
                octets = swapped(copy, 40) if kind == "hostile" else copy
                pieces = make(Shot((heard.source, heard.target), octets, next(identifications)))
                shot = link.shoot(iter([link.frame(piece) for piece in pieces]), 5_000, len(pieces))
                # What the interface's queue had no room for cannot come out whole.
                figures["incomplete" if shot["refused"] else kind] += 1
        fresh.close()
    report(figures)


if __name__ == "__main__":
    everything = {"honest": HONEST, "either": EITHER, "hostile": HOSTILE}
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]), everything if sys.argv[5] == "all" else {"honest": HONEST})
