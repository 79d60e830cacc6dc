"""Overhears the flow at a port: its addresses, ports, and the numbers of the last segment of each direction.

usage: overhear.py INTERFACE PORT
Prints {"client", "clientPort", "server", "serverPort", "toServer": {"sequence", "acknowledgement", "octets"}, "toClient": …}.
"""
import socket
import struct
import sys
import time

from wire import ETH_P_ALL, report

LISTEN_LIMIT_S = 10
SYN, RST = 2, 4


class Heard:
    """One TCP segment, whole or super."""

    def __init__(self, packet, header):
        at, size = (12, 4) if header == 20 else (8, 16)
        self.source, self.target = packet[at:at + size], packet[at + size:at + 2 * size]
        words = struct.unpack_from("!HHIIBB", packet, header)
        self.ports, self.sequence, self.acknowledgement, self.bits = words[:2], words[2], words[3], words[5]
        total = struct.unpack_from("!H", packet, 2)[0] if header == 20 else 40 + struct.unpack_from("!H", packet, 4)[0]
        self.payload = packet[header + (words[4] >> 4) * 4:total]


def parse(packet):
    """The segment in an unfragmented IPv4 packet without options or an IPv6 packet without extensions, else None."""
    version = packet[0] >> 4 if packet else 0
    if version == 4 and len(packet) >= 40 and packet[0] == 0x45 and packet[9] == 6:
        return Heard(packet, 20) if struct.unpack_from("!H", packet, 6)[0] & 0x3FFF == 0 else None
    if version == 6 and len(packet) >= 60 and packet[6] == 6:
        return Heard(packet, 40)
    return None


class Ear:
    """Hears what crosses an interface, both ways."""

    def __init__(self, interface):
        self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(ETH_P_ALL))
        self.socket.bind((interface, ETH_P_ALL))

    def segments(self, port, limit_s=LISTEN_LIMIT_S):
        """Segments from or to the port as they come; ends when the time is over."""
        end = time.monotonic() + limit_s
        while (left := end - time.monotonic()) > 0:
            self.socket.settimeout(left)
            try:
                heard = parse(self.socket.recv(65_535))
            except TimeoutError:
                return
            if heard is not None and port in heard.ports and not heard.bits & (SYN | RST):
                yield heard


def overhear(interface, port):
    """The last segment of each direction: (to the port, from the port)."""
    last = {}
    for heard in Ear(interface).segments(port):
        last[heard.ports[1] == port] = heard
        if len(last) == 2:
            return last[True], last[False]
    raise SystemExit(f"only {len(last)} directions of port {port} heard on {interface}")


def numbers(heard):
    return {"sequence": heard.sequence, "acknowledgement": heard.acknowledgement, "octets": len(heard.payload)}


if __name__ == "__main__":
    to_server, to_client = overhear(sys.argv[1], int(sys.argv[2]))
    family = socket.AF_INET if len(to_server.source) == 4 else socket.AF_INET6
    report({
        "client": socket.inet_ntop(family, to_server.source),
        "clientPort": to_server.ports[0],
        "server": socket.inet_ntop(family, to_server.target),
        "serverPort": to_server.ports[1],
        "toServer": numbers(to_server),
        "toClient": numbers(to_client),
    })
