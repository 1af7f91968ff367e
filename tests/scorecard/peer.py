"""The scripted peer: sockets on a host of the laboratory, and what they heard, and when."""

from __future__ import annotations

import contextlib
import ctypes
import os
import select
import socket
import struct
import time
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from tests.scorecard import dns

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from tests.lan.host import Host

GROUP, PORT = "224.0.0.251", 5353
_NEWNET = 0x40000000
_SO_TIMESTAMPNS, _IP_PKTINFO, _IP_RECVTTL, _IP_MULTICAST_ALL = 35, 8, 12, 49
_LIBC = ctypes.CDLL(None, use_errno=True)


class Heard(NamedTuple):
    """One packet. `at_s`: when the kernel had it; `group`: it was sent to the group."""

    at_s: float
    source: str
    port: int
    ttl: int
    group: bool
    message: dns.Message
    raw: bytes


@contextlib.contextmanager
def network_of(host: Host) -> Generator[None]:
    """In this thread, sockets are made in the network of a host, and stay there."""
    own_net, its_net = Path("/proc/thread-self/ns/net"), Path(f"/proc/{host.pid}/ns/net")
    with own_net.open() as own, its_net.open() as other:
        _enter(other.fileno())
        try:
            yield
        finally:
            _enter(own.fileno())


def _enter(descriptor: int) -> None:
    if _LIBC.setns(descriptor, _NEWNET):
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


class Peer:
    """On 5353 and on a port of its own; and, if it has one, at an address that is off the link."""

    def __init__(self, host: Host, address: str, off_link: str = "") -> None:
        self.address = address
        with network_of(host):
            self.mdns = self._socket("", PORT, address)
            self.legacy = self._socket(address, 0, address)
            self._sockets = [self.mdns, self.legacy]
            if off_link:
                self.off_link = self._socket(off_link, PORT, off_link)
                self.off_link_legacy = self._socket(off_link, 0, off_link)
                self._sockets += [self.off_link, self.off_link_legacy]

    def close(self) -> None:
        """Leave."""
        for one in self._sockets:
            one.close()

    def send(
        self,
        packet: bytes,
        *,
        to: str = GROUP,
        by: socket.socket | None = None,
    ) -> float:
        """Send to port 5353 and return when."""
        sent_s = time.time()
        (by or self.mdns).sendto(packet, (to, PORT))
        return sent_s

    def listen(
        self,
        seconds: float,
        *,
        source: str,
        on: Callable[[Heard], object] = lambda _: None,
    ) -> list[Heard]:
        """What this address sends; `on` is called with each packet, and ends it by True."""
        heard: list[Heard] = []
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            ready, _, _ = select.select(self._sockets, [], [], left)
            for one in ready:
                packet = _receive(one)
                if packet is None or packet.source != source:
                    continue
                heard.append(packet)
                if on(packet):
                    return heard
        return heard

    def drain(self) -> None:
        """Forget what has come until now."""
        for one in self._sockets:
            with contextlib.suppress(BlockingIOError):
                while True:
                    one.recv(9_216)

    def _socket(self, bind: str, port: int, interface: str) -> socket.socket:
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)
        sock.setsockopt(socket.IPPROTO_IP, _IP_PKTINFO, 1)
        sock.setsockopt(socket.IPPROTO_IP, _IP_RECVTTL, 1)
        sock.setsockopt(socket.IPPROTO_IP, _IP_MULTICAST_ALL, 0)
        sock.bind((bind, port))
        own = socket.inet_aton(interface)
        sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, own)
        sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, 255)
        sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_LOOP, 0)
        if not bind:
            membership = socket.inet_aton(GROUP) + own
            sock.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, membership)
        return sock


def _receive(sock: socket.socket) -> Heard | None:
    try:
        data, ancillary, _, (source, port) = sock.recvmsg(9_216, 256)
    except BlockingIOError:
        return None
    at_s, ttl, group = time.time(), 0, False
    for level, kind, value in ancillary:
        if (level, kind) == (socket.SOL_SOCKET, _SO_TIMESTAMPNS):
            seconds, nanoseconds = struct.unpack("@2l", value)
            at_s = seconds + nanoseconds / 1e9
        elif kind == socket.IP_TTL:
            (ttl,) = struct.unpack("@i", value)
        elif kind == _IP_PKTINFO:
            group = value[8:12] == socket.inet_aton(GROUP)
    try:
        return Heard(at_s, source, port, ttl, group, dns.read(data), data)
    except (ValueError, IndexError, struct.error):
        return None
