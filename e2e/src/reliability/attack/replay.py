"""Replays the packets of a capture (link type RAW) on an interface, over and over, at a steady rate.

usage: replay.py INTERFACE CAPTURE RATE COUNT [MAC]     MAC: of the next host, on an Ethernet link
Prints {"sent", "refused", "seconds", "perSecond"}; refused: the queue was full, or the kernel found it too odd.
"""
import itertools
import struct
import sys

from wire import RawLink, report

FILE_HEADER, RECORD_HEADER = struct.Struct("<IHHiIII"), struct.Struct("<IIII")
MAGIC, LINKTYPE_RAW = 0xA1B2C3D4, 101


def read_capture(path):
    with open(path, "rb") as file:
        octets = file.read()
    magic, *_, link_type = FILE_HEADER.unpack_from(octets)
    if (magic, link_type) != (MAGIC, LINKTYPE_RAW):
        raise SystemExit(f"{path} is not a capture of IP packets without link header")
    at, packets = FILE_HEADER.size, []
    while at < len(octets):
        kept = RECORD_HEADER.unpack_from(octets, at)[2]
        at += RECORD_HEADER.size
        packets.append(octets[at:at + kept])
        at += kept
    return packets


interface, capture, rate, count = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
link = RawLink(interface, *sys.argv[5:6])
frames = [link.frame(packet) for packet in read_capture(capture)]
report(link.shoot(itertools.cycle(frames), rate, count))
