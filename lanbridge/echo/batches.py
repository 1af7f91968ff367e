"""Datagrams that are read together and sent back together.

A system call costs more than all that is done for a datagram between two of them. Linux reads and
sends many at once; other systems have one call for each.
"""

import socket
import sys
from collections.abc import Hashable, Sequence
from ipaddress import IPv4Address, IPv6Address
from typing import Any, NamedTuple, Protocol

from lanbridge.core import pktinfo

BATCH = 64  # datagrams at one wake-up, so that a flood cannot hold the loop

Ancillary = Sequence[tuple[int, int, bytes]]


class Headers(NamedTuple):
    """Of a datagram: where it is from, and how it came."""

    source: IPv4Address | IPv6Address
    source_port: int
    arrival: pktinfo.Arrival


class Batch(Protocol):
    """The datagrams of one socket that were read last, by number; the next `read` ends them."""

    def read(self) -> int:
        """How many there are now, at most BATCH."""

    def about(self, number: int) -> tuple[Hashable, int]:
        """What is alike for all that have the same headers, and the size in bytes."""

    def headers(self, number: int) -> Headers:
        """What `about` stands for."""

    def packed(self, ancillary: Ancillary) -> Any:
        """What `pktinfo.reply` made, as `send_back` takes it."""

    def send_back(self, number: int, packed: Any) -> None:
        """Send it to its sender, at the latest with `flush`."""

    def flush(self) -> tuple[int, int]:
        """How many were sent, and how many the system did not take."""


def new_batch(sock: socket.socket, room_bytes: int) -> Batch:
    """For a socket that does not block. A datagram that has no room is cut."""
    if sys.platform == "linux":
        from lanbridge.echo.mmsg import LinuxBatch

        return LinuxBatch(sock, room_bytes)
    return PortableBatch(sock, room_bytes)


class PortableBatch:
    """One system call a datagram."""

    def __init__(self, sock: socket.socket, room_bytes: int) -> None:
        self._sock = sock
        self._room_bytes = room_bytes
        self._read: list[tuple[bytes, Ancillary, Any]] = []
        self._sent = self._unsent = 0

    def read(self) -> int:
        self._read.clear()
        for _ in range(BATCH):
            try:
                data, ancillary, _, sender = self._sock.recvmsg(
                    self._room_bytes, pktinfo.ANCILLARY_BYTES
                )
            except (BlockingIOError, InterruptedError):
                break
            except OSError:  # an ICMP error of an earlier reply; the next read is clean
                continue
            self._read.append((data, ancillary, sender))
        return len(self._read)

    def about(self, number: int) -> tuple[Hashable, int]:
        data, ancillary, sender = self._read[number]
        return (sender, *ancillary), len(data)

    def headers(self, number: int) -> Headers:
        _, ancillary, sender = self._read[number]
        source: IPv4Address | IPv6Address
        if self._sock.family == socket.AF_INET:
            source = IPv4Address(sender[0])
        else:
            source = IPv6Address(sender[0] + (f"%{sender[3]}" if sender[3] else ""))
        return Headers(source, sender[1], pktinfo.read(ancillary))

    def packed(self, ancillary: Ancillary) -> Any:
        return ancillary

    def send_back(self, number: int, packed: Any) -> None:
        data, _, sender = self._read[number]
        try:
            self._sock.sendmsg((data,), packed, 0, sender)
        except OSError:
            self._unsent += 1
        else:
            self._sent += 1

    def flush(self) -> tuple[int, int]:
        counted = self._sent, self._unsent
        self._sent = self._unsent = 0
        return counted
