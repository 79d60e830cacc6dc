"""Writes packets to a TUN one by one and says of each what Linux made of it, read from the kernel's own counters.

usage: linux-verdict.py TUN < packets     (each packet is a line in hex)
prints one word per packet: "answered" (a TCP segment that TCP took, and answered with a reset, as nobody listens),
"unanswered" (TCP saw it, and took it for a reset or discarded it in silence), "damaged" (TCP counted it as wrong),
"none" (TCP has not seen it), "refused" (the device did not take it)
"""
import fcntl
import os
import struct
import sys

IFF_TUN, IFF_NO_PI, TUNSETIFF = 1, 0x1000, 0x400454CA
DRAIN_LIMIT = 64

tun = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
fcntl.ioctl(tun, TUNSETIFF, struct.pack("16sH", sys.argv[1].encode(), IFF_TUN | IFF_NO_PI))
snmp = os.open("/proc/net/snmp", os.O_RDONLY)


def tcp_counters():
    """InSegs, InErrs (InCsumErrors is part of it) and OutRsts of both families together."""
    os.lseek(snmp, 0, os.SEEK_SET)
    lines = [line for line in os.read(snmp, 65536).decode().split("\n") if line.startswith("Tcp:")]
    names, numbers = (line.split() for line in lines)
    row = dict(zip(names, numbers))
    return int(row["InSegs"]), int(row["InErrs"]), int(row["OutRsts"])


def drain():
    """What the kernel answers must not fill the device's queue."""
    for _ in range(DRAIN_LIMIT):
        try:
            os.read(tun, 65536)
        except BlockingIOError:
            return


before = tcp_counters()
words = []
for line in sys.stdin:
    packet = bytes.fromhex(line)
    try:
        os.write(tun, packet)
    except OSError:
        words.append("refused")
        continue
    after = tcp_counters()
    segments, errors, resets = (now - then for now, then in zip(after, before))
    before = after
    if segments == 0:
        words.append("none")
    else:
        words.append("damaged" if errors > 0 else "answered" if resets > 0 else "unanswered")
    drain()
print("\n".join(words))
