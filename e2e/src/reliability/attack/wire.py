"""Puts raw packets on an interface of a lab's namespace at a steady rate: bounded, never in the machine's own namespace."""
import glob
import ipaddress
import json
import os
import socket
import struct
import time

MAX_RATE, MAX_PACKETS, MAX_SECONDS = 60_000, 3_000_000, 90
SOURCES = (ipaddress.ip_network("198.18.0.0/15"), ipaddress.ip_network("2001:db8::/32"))
SOL_PACKET, PACKET_VNET_HDR, PACKET_QDISC_BYPASS = 263, 15, 20
ETH_P_ALL, ETH_P_IP, ETH_P_IPV6 = 0x0003, 0x0800, 0x86DD
ARPHRD_ETHER = 1
VNET_HEADER = struct.Struct("<BBHHHH")  # flags, gso_type, hdr_len, gso_size, csum_start, csum_offset
NEEDS_CSUM, GSO_TCPV4, GSO_TCPV6 = 1, 1, 4
GSO_SIZE = 1400
TURN_S = 0.001
MOST_PER_TURN = 500


def refuse_outside_of_lab():
    """Attack traffic belongs into namespaces that a test made; netlab/namespace.ts gives them their names."""
    own = os.stat("/proc/self/ns/net")
    for path in glob.glob("/run/netns/tunlab*"):
        if os.path.samestat(own, os.stat(path)):
            return
    raise SystemExit("this is no namespace of a lab: nothing is sent here")


def is_from_lab(packet):
    """True when the packet's source is one of the lab's ranges, or it is too odd to have a source."""
    version = packet[0] >> 4 if packet else 0
    if version == 4 and len(packet) >= 16:
        return ipaddress.ip_address(packet[12:16]) in SOURCES[0]
    if version == 6 and len(packet) >= 24:
        return ipaddress.ip_address(packet[8:24]) in SOURCES[1]
    return True


def super_segment_header(packet):
    """The virtio header that lets a packet larger than the link pass as a TCP super-segment."""
    is_v6 = packet[0] >> 4 == 6
    start = 40 if is_v6 else 20
    return VNET_HEADER.pack(NEEDS_CSUM, GSO_TCPV6 if is_v6 else GSO_TCPV4, start + 20, GSO_SIZE, start, 16)


class RawLink:
    """A packet socket on one interface. What it sends leaves by that interface exactly as it is."""

    def __init__(self, interface, mac=None):
        """mac: of the next host, on an Ethernet link; a TUN has none."""
        refuse_outside_of_lab()
        self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
        self.socket.setsockopt(SOL_PACKET, PACKET_VNET_HDR, 1)
        self.socket.setsockopt(SOL_PACKET, PACKET_QDISC_BYPASS, 1)
        self.socket.bind((interface, 0))
        with open(f"/sys/class/net/{interface}/type") as kind, open(f"/sys/class/net/{interface}/mtu") as mtu:
            self.is_ethernet = int(kind.read()) == ARPHRD_ETHER
            self.mtu = int(mtu.read())
        self.interface = interface
        self.ethernet = b""
        if self.is_ethernet:
            with open(f"/sys/class/net/{interface}/address") as own:
                self.ethernet = bytes.fromhex(mac.replace(":", "") + own.read().strip().replace(":", ""))

    def frame(self, packet):
        """What `send` takes for this packet: virtio header, Ethernet header where there is one, packet."""
        if not is_from_lab(packet):
            raise SystemExit(f"not from the lab's ranges: {packet[:40].hex()}")
        is_jumbo = len(packet) > self.mtu
        head = super_segment_header(packet) if is_jumbo and not self.is_ethernet else bytes(VNET_HEADER.size)
        if self.is_ethernet:
            kind = ETH_P_IPV6 if packet and packet[0] >> 4 == 6 else ETH_P_IP
            head += self.ethernet + struct.pack("!H", kind)
        return head + packet

    def shoot(self, frames, rate, count, seconds=MAX_SECONDS):
        """Sends `count` of the frames (an iterator) at `rate` per second. Says how many went out."""
        rate, count, seconds = min(rate, MAX_RATE), min(count, MAX_PACKETS), min(seconds, MAX_SECONDS)
        send = self.socket.send
        sent = refused = 0
        start = time.monotonic()
        while sent + refused < count:
            now = time.monotonic() - start
            if now > seconds:
                break
            due = min(count, int(now * rate) + 1) - sent - refused
            for _ in range(min(due, MOST_PER_TURN)):
                frame = next(frames, None)
                if frame is None:
                    return outcome(sent, refused, start)
                try:
                    send(frame)
                    sent += 1
                except OSError:
                    refused += 1  # the queue is full, or the kernel itself found it too odd
            time.sleep(TURN_S)
        return outcome(sent, refused, start)


def outcome(sent, refused, start):
    seconds = time.monotonic() - start
    return {"sent": sent, "refused": refused, "seconds": round(seconds, 3), "perSecond": round(sent / max(seconds, 1e-6))}


def report(figures):
    """One line of JSON for the test that started this."""
    print(json.dumps(figures), flush=True)


def folded(total):
    """A sum of 16-bit words as ones' complement in 16 bits."""
    while total > 0xFFFF:
        total = (total & 0xFFFF) + (total >> 16)
    return total


def word_sum(octets):
    padded = octets + b"\0" * (len(octets) % 2)
    return sum(struct.unpack(f"!{len(padded) // 2}H", padded))


def ip_header(source, target, length, protocol=6, identification=0, fragment=0x4000):
    """A plain header in front of `length` octets; `source` and `target` are packed addresses."""
    if len(source) == 16:
        return struct.pack("!IHBB", 6 << 28, length, protocol, 64) + source + target
    head = struct.pack("!BBHHHBB", 0x45, 0, 20 + length, identification, fragment, 64, protocol)
    checksum = folded(word_sum(head + source + target)) ^ 0xFFFF
    return head + struct.pack("!H", checksum) + source + target


def tcp_octets(source, target, ports, numbers, bits, payload=b"", options=b""):
    """A TCP segment with a right checksum, without IP header. numbers: sequence, acknowledgement."""
    offset = (5 + len(options) // 4) << 4
    head = struct.pack("!HHIIBBHHH", *ports, *(n & 0xFFFFFFFF for n in numbers), offset, bits, 0xFFFF, 0, 0) + options
    pseudo = word_sum(source + target) + 6 + len(head) + len(payload)
    checksum = folded(pseudo + word_sum(head + payload)) ^ 0xFFFF
    return head[:16] + struct.pack("!H", checksum) + head[18:] + payload
