"""The devices that `flood` has announced, for as long as it runs: SOURCE COUNT.

Answers questions for the SRV record of an instance, as devices do that are there: with the address
of its host beside it. Paced, for a thousand devices do not answer at one moment.
"""

from __future__ import annotations

import socket
import struct
import sys
import time
from typing import TYPE_CHECKING

from zeroconf._protocol.incoming import DNSIncoming

from benchmarks.programs.flood import GROUP, PORT, SERVICE_TYPE, SRV, resolution, sender

if TYPE_CHECKING:
    from collections.abc import Iterator

RATE = 3_000
PREFIX, SUFFIX = "Flood ", f".{SERVICE_TYPE}.local."


def main(source: str, count: int) -> None:
    """Answer until ended."""
    answering, hearing = sender(source), listener(source)
    answers = [resolution(number) for number in range(count)]
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    while True:
        for number in asked(hearing.recv(9_000)):
            if number < count:
                answering.sendto(answers[number], (GROUP, PORT))
                time.sleep(1 / RATE)


def asked(packet: bytes) -> Iterator[int]:
    """Which devices a packet asks for."""
    message = DNSIncoming(packet)
    for question in message.questions if message.is_query() else ():
        name = question.name
        if question.type == SRV and name.startswith(PREFIX) and name.endswith(SUFFIX):
            yield int(name[len(PREFIX) : -len(SUFFIX)])


def listener(source: str) -> socket.socket:
    """Return a socket that hears what is multicast on the link of this address."""
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
    group = struct.pack("4s4s", socket.inet_aton(GROUP), socket.inet_aton(source))
    sock.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, group)
    sock.bind((GROUP, PORT))
    return sock


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
