"""UDP echo: a datagram comes back unchanged, to where it came from, if the guard lets it.

RFC 862 with the limits that it lacks. Sockets are read in batches from the event loop, for a
DatagramProtocol costs a multiple of all this; what is known of a flow is found out once.
"""

import asyncio
import errno
import socket
from collections.abc import Callable, Hashable
from typing import Any, Protocol

from lanbridge.core import pktinfo
from lanbridge.core.errors import PortUnavailable
from lanbridge.echo.batches import Batch, new_batch
from lanbridge.echo.guard import MAX_DATAGRAM_BYTES, REPLY_HOPS, Flow, Reason

# One byte more than may be: what is longer is cut there, and seen to be too long.
_ROOM_BYTES = MAX_DATAGRAM_BYTES + 1
# The attack: forge sources without end. All are forgotten then, and each is read once more.
MAX_FLOWS = 1_024
_HOPS = {
    socket.AF_INET: (socket.IPPROTO_IP, socket.IP_TTL),
    socket.AF_INET6: (socket.IPPROTO_IPV6, socket.IPV6_UNICAST_HOPS),
}


class DatagramGuard(Protocol):
    """The part of `guard.Guard` that is asked here."""

    def check_datagram(self, flow: Flow, size_bytes: int, now_s: float) -> Reason | None:
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
        self._flows: dict[Hashable, tuple[Flow, Any]] = {}  # with how to reply, by headers
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
            loop.add_reader(sock, self._read, new_batch(sock, _ROOM_BYTES), loop.time)

    def close(self) -> None:
        """Answer no more; may be called twice."""
        for sock in self._sockets:
            if self._loop:
                self._loop.remove_reader(sock)
            sock.close()
        self._sockets.clear()

    def _read(self, batch: Batch, clock: Callable[[], float]) -> None:
        now_s = clock()
        if len(self._flows) > MAX_FLOWS:  # now, for what is being sent refers to them
            self._flows.clear()
        for number in range(batch.read()):
            about, size_bytes = batch.about(number)
            flow, reply = self._flows.get(about) or self._remember(about, batch, number)
            if not self._guard.check_datagram(flow, size_bytes, now_s):
                batch.send_back(number, reply)
        sent, unsent = batch.flush()
        self.answered += sent
        self.unsent += unsent

    def _remember(self, about: Hashable, batch: Batch, number: int) -> tuple[Flow, Any]:
        source, port, arrival = batch.headers(number)
        flow = Flow(source, port, arrival.destination, self.port, arrival.interface, arrival.hops)
        known = self._flows[about] = flow, batch.packed(pktinfo.reply(arrival))
        return known


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
