"""Announces COUNT services, a packet a service, at RATE packets a second.

Once each, or again and again for SECONDS. Every service has a host of its own: PTR, SRV, TXT and A,
as a device announces itself. Says as JSON how it went: packets sent and refused, the seconds it
took, how late the latest one was.
"""

from __future__ import annotations

import json
import socket
import struct
import sys
import time
from itertools import cycle, islice
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

GROUP, PORT = "224.0.0.251", 5353
SERVICE_TYPE = "_flood._tcp"
PTR, TXT, SRV, A = 12, 16, 33, 1
IN, UNIQUE = 1, 0x8001  # RFC 6762 §10.2: unique records carry the cache-flush bit
SHORT_S, LONG_S = 120, 4500  # RFC 6762 §10
DOMAIN_AT = 0xC000 | 12 + len(b"\x06_flood\x04_tcp")  # where "local" begins
TYPE_AT = 0xC000 | 12


def announcement(number: int, version: str = "1.4.2") -> bytes:
    """Build the response packet of one service; names are compressed as responders do."""
    label = f"Flood {number:05d}".encode()
    host = f"flood-{number:05d}".encode()
    owner = b"\x06_flood\x04_tcp\x05local\x00"
    fixed = struct.pack("!2HI", PTR, IN, LONG_S)
    instance = bytes([len(label)]) + label + struct.pack("!H", TYPE_AT)
    packet = struct.pack("!6H", 0, 0x8400, 0, 4, 0, 0)
    packet += owner + fixed + struct.pack("!H", len(instance))
    instance_at = struct.pack("!H", 0xC000 | len(packet))
    packet += instance
    target = bytes([len(host)]) + host + struct.pack("!H", DOMAIN_AT)
    packet += instance_at + struct.pack("!2HIH", SRV, UNIQUE, SHORT_S, 6 + len(target))
    packet += struct.pack("!3H", 0, 0, 1024 + number)
    target_at = struct.pack("!H", 0xC000 | len(packet))
    packet += target
    strings = [f"id={number}".encode(), b"model=sensor", f"fw={version}".encode()]
    text = b"".join(bytes([len(string)]) + string for string in strings)
    packet += instance_at + struct.pack("!2HIH", TXT, UNIQUE, LONG_S, len(text)) + text
    packet += target_at + struct.pack("!2HIH", A, UNIQUE, SHORT_S, 4)
    return packet + address(number)


def resolution(number: int) -> bytes:
    """Build the answer of one service to the question for its SRV record."""
    label = f"Flood {number:05d}".encode()
    host = f"flood-{number:05d}".encode()
    packet = struct.pack("!6H", 0, 0x8400, 0, 1, 0, 1)
    packet += bytes([len(label)]) + label + b"\x06_flood\x04_tcp\x05local\x00"
    domain_at = 0xC000 | len(packet) - len(b"\x05local\x00")
    target = bytes([len(host)]) + host + struct.pack("!H", domain_at)
    packet += struct.pack("!2HIH", SRV, UNIQUE, SHORT_S, 6 + len(target))
    packet += struct.pack("!3H", 0, 0, 1024 + number)
    target_at = struct.pack("!H", 0xC000 | len(packet))
    packet += target + target_at + struct.pack("!2HIH", A, UNIQUE, SHORT_S, 4)
    return packet + address(number)


def address(number: int) -> bytes:
    """Of its host."""
    return bytes((10, 77, 1 + number // 250, 1 + number % 250))


def main(sources: str, count: int, rate: float, seconds: float = 0.0) -> None:
    """Send everything on the link of these source addresses, with commas between."""
    packets = [announcement(number) for number in range(count)]
    report = send(sources, islice(cycle(packets), round(rate * seconds) or count), rate)
    sys.stdout.write(json.dumps(report) + "\n")


def send(sources: str, packets: Iterable[bytes], rate: float) -> dict[str, float]:
    """Multicast them, from each source in turn; says how that went."""
    sockets = cycle([sender(source) for source in sources.split(",")])
    sent, refused, latest_s = 0, 0, 0.0
    begin_s = time.monotonic()
    for number, packet in enumerate(packets):
        # A schedule, not a pause: what was late is caught up, and the rate is what was asked for.
        wait_s = begin_s + number / rate - time.monotonic()
        if wait_s > 0:
            time.sleep(wait_s)
        latest_s = max(latest_s, -wait_s)
        try:
            next(sockets).sendto(packet, (GROUP, PORT))
            sent += 1
        except OSError:
            refused += 1
    return {
        "sent": sent,
        "refused": refused,
        "seconds": time.monotonic() - begin_s,
        "latest_s": latest_s,
    }


def sender(source: str) -> socket.socket:
    """Return a socket that multicasts from this address."""
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, 255)
    sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_LOOP, 0)
    sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton(source))
    sock.bind((source, PORT))
    return sock


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), *map(float, sys.argv[3:]))
