"""UDP echo: a datagram comes back unchanged, to where it came from, if the guard lets it.

RFC 862 with the limits that it lacks. Sockets are read in batches from the event loop: a
DatagramProtocol costs five times as much for each datagram.
"""

import asyncio
import errno
import socket
from collections.abc import Callable
from ipaddress import IPv4Address, IPv6Address
from typing import Protocol

from lanbridge.core import pktinfo
from lanbridge.core.errors import PortUnavailable
from lanbridge.echo.guard import MAX_DATAGRAM_BYTES, REPLY_HOPS, Datagram, Reason

_BATCH = 64  # datagrams read at one wake-up, so that a flood cannot hold the loop
_HOPS = {
    socket.AF_INET: (socket.IPPROTO_IP, socket.IP_TTL),
    socket.AF_INET6: (socket.IPPROTO_IPV6, socket.IPV6_UNICAST_HOPS),
}


class DatagramGuard(Protocol):
    """The part of `guard.Guard` that is asked here."""

    def check_datagram(self, datagram: Datagram, now_s: float) -> Reason | None:
        """Why there is no answer, or None if there is one."""


class UdpEcho:
    """Echo on one port of every address, IPv4 and IPv6, or of the one `host`.

    port: 0 takes a free one, and is then the one that was taken. answered: replies sent; unsent:
    replies that the system would not take (full buffer, no route, a firewall), lost as on any
    network.
    """

    def __init__(self, guard: DatagramGuard, port: int, host: str = "") -> None:
        self.port = port
        self.answered = 0
        self.unsent = 0
        self._guard = guard
        self._hosts = (host,) if host else ("0.0.0.0", "::")  # noqa: S104 - the guard decides
        self._sockets: list[socket.socket] = []
        self._loop: asyncio.AbstractEventLoop | None = None

    def start(self) -> None:
        """Bind and answer, in the running loop, until `close`. Raises PortUnavailable."""
        self._loop = loop = asyncio.get_running_loop()
        for host in self._hosts:
            try:
                self._sockets.append(_bind(host, self.port))
            except OSError as error:
                no_ipv6 = error.errno in (errno.EAFNOSUPPORT, errno.EADDRNOTAVAIL)
                if no_ipv6 and self._sockets:
                    continue
                self.close()
                raise _unavailable(error, host, self.port) from error
            self.port = self._sockets[-1].getsockname()[1]
        for sock in self._sockets:
            loop.add_reader(sock, self._read, sock, loop.time)

    def close(self) -> None:
        """Answer no more; may be called twice."""
        for sock in self._sockets:
            if self._loop:
                self._loop.remove_reader(sock)
            sock.close()
        self._sockets.clear()

    def _read(self, sock: socket.socket, clock: Callable[[], float]) -> None:
        now_s = clock()
        for _ in range(_BATCH):
            try:
                # One byte more than may be: what is longer is cut there, and seen to be too long.
                data, ancillary, _, sender = sock.recvmsg(
                    MAX_DATAGRAM_BYTES + 1, pktinfo.ANCILLARY_BYTES
                )
            except (BlockingIOError, InterruptedError):
                return
            except OSError:  # an ICMP error of an earlier reply; the next read is clean
                continue
            self._answer(sock, data, pktinfo.read(ancillary), sender, now_s)

    def _answer(
        self,
        sock: socket.socket,
        data: bytes,
        arrival: pktinfo.Arrival,
        sender: tuple[str, int] | tuple[str, int, int, int],
        now_s: float,
    ) -> None:
        source: IPv4Address | IPv6Address
        if len(sender) == 2:
            source = IPv4Address(sender[0])
        else:
            source = IPv6Address(sender[0] + (f"%{sender[3]}" if sender[3] else ""))
        datagram = Datagram(
            source,
            sender[1],
            arrival.destination,
            self.port,
            arrival.interface,
            arrival.hops,
            len(data),
        )
        if self._guard.check_datagram(datagram, now_s):
            return
        try:
            sock.sendmsg([data], pktinfo.reply(arrival), 0, sender)
        except OSError:
            self.unsent += 1
        else:
            self.answered += 1


def _bind(host: str, port: int) -> socket.socket:
    """A bound socket, alone on its port: no SO_REUSEADDR. Raises OSError."""
    family, kind, _, _, address = socket.getaddrinfo(
        host, port, type=socket.SOCK_DGRAM, flags=socket.AI_NUMERICHOST
    )[0]
    sock = socket.socket(family, kind)
    try:
        sock.setblocking(False)
        for level, option in pktinfo.OPTIONS[family]:
            sock.setsockopt(level, option, 1)
        sock.setsockopt(*_HOPS[family], REPLY_HOPS)
        if family == socket.AF_INET6:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        sock.bind(address)
    except OSError:
        sock.close()
        raise
    return sock


def _unavailable(error: OSError, host: str, port: int) -> PortUnavailable:
    rule, remedy = f"it cannot be bound on {host} ({error.strerror})", "choose another `port`"
    if error.errno == errno.EADDRINUSE:
        rule = f"another program has it on {host}"
        remedy = f"find it with `ss -ulpn sport = {port}`, or choose another `port`"
    elif error.errno in (errno.EACCES, errno.EPERM):
        rule = f"this process may not bind it on {host}"
        remedy = "choose a `port` from 1024 on"
    elif error.errno == errno.EADDRNOTAVAIL:
        rule, remedy = f"{host} is no address of this host now", "correct `host`, or leave it empty"
    return PortUnavailable(f"UDP {port}", rule, remedy)
