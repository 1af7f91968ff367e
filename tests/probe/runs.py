"""Runs of probes over loopback, and the peers that they meet there."""

import asyncio
import itertools
import socket
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator, Sequence
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime

from lanbridge.probe import session
from lanbridge.probe.results import Extra, ProbeResult, ProbeTarget
from lanbridge.probe.session import Event, Schedule

NOON = datetime(2026, 8, 31, 12, tzinfo=UTC)

Clock = Callable[[], float]


def ticking() -> Clock:
    """A clock that goes on by one second whenever it is read."""
    seconds = itertools.count()
    return lambda: float(next(seconds))


async def ping(
    via: str,
    port: int,
    *,
    count: int = 1,
    interval_s: float = 0.01,
    timeout_s: float = 10.0,
    size_bytes: int | None = None,
    address: str = "127.0.0.1",
    path: str = "",
    clock: Clock | None = None,
) -> list[Event]:
    """What a whole run tells, in order."""
    target = ProbeTarget(address=address, port=port, path=path)
    probe = session.load(via)(target, size_bytes, clock or ticking())
    told: list[Event] = []
    schedule = Schedule(count=count, interval_s=interval_s, timeout_s=timeout_s)
    await session.run(via, probe, target, schedule, lambda: NOON, told.append)
    return told


def outcomes(told: Sequence[Event]) -> list[tuple[int | None, str]]:
    """Sequence number and outcome of each event."""
    return [(one.sequence, one.outcome.value) for one in told]


def results(told: Sequence[Event]) -> list[ProbeResult]:
    """The probes, without the extra answers."""
    return [one for one in told if not isinstance(one, Extra)]


class UdpPeer(asyncio.DatagramProtocol):
    """`answer(number, datagram, send)` is asked for each datagram, counted from 1."""

    def __init__(self, answer: Callable[[int, bytes, Callable[[bytes], None]], None]) -> None:
        self._answer = answer
        self._numbers = itertools.count(1)

    def connection_made(self, transport: asyncio.DatagramTransport) -> None:  # type: ignore[override]
        """Keep the transport."""
        self._transport = transport

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        """Ask for the answer."""
        self._answer(next(self._numbers), data, lambda reply: self._transport.sendto(reply, addr))


@asynccontextmanager
async def udp_peer(
    answer: Callable[[int, bytes, Callable[[bytes], None]], None], host: str = "127.0.0.1"
) -> AsyncGenerator[int]:
    """The port of a peer that answers as it is told."""
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(
        lambda: UdpPeer(answer), local_addr=(host, 0)
    )
    try:
        yield transport.get_extra_info("sockname")[1]
    finally:
        transport.close()


class HttpPeer:
    """Answers each request with the next of `answers`; an empty one closes the connection.

    requests: head and body of each; connections: how many there were.
    """

    def __init__(self, *answers: bytes | Callable[[bytes], bytes]) -> None:
        self.requests: list[tuple[str, bytes]] = []
        self.connections = 0
        self._answers = iter(answers)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, to its end."""
        self.connections += 1
        while head := await _head(reader):
            length = int(head.lower().partition("content-length: ")[2].partition("\r")[0] or 0)
            body = await reader.readexactly(length)
            self.requests.append((head, body))
            answer = next(self._answers)
            raw = answer(body) if callable(answer) else answer
            writer.write(raw)
            if not raw or b"\r\nconnection: close" in raw.lower() or b"HTTP/1.0" in raw:
                break
        writer.close()


async def _head(reader: asyncio.StreamReader) -> str:
    try:
        return (await reader.readuntil(b"\r\n\r\n")).decode()
    except (asyncio.IncompleteReadError, ConnectionError):
        return ""


def echoed(body: bytes) -> bytes:
    """The answer of an echo."""
    return b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body


@asynccontextmanager
async def http_peer(peer: HttpPeer, host: str = "127.0.0.1") -> AsyncGenerator[int]:
    """The port of a peer that answers as it is told."""
    async with stream_peer(peer.serve, host) as port:
        yield port


@asynccontextmanager
async def stream_peer(
    serve: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]],
    host: str = "127.0.0.1",
) -> AsyncGenerator[int]:
    """The port of a TCP server whose every connection is handed to `serve`."""
    server = await asyncio.start_server(serve, host, 0)
    async with server:
        yield server.sockets[0].getsockname()[1]


@contextmanager
def deaf_port(kind: socket.SocketKind) -> Generator[int]:
    """A port that refuses: held, so that nobody else takes it, and not listening.

    A UDP socket that is connected elsewhere gets nothing from us, so the system refuses for it.
    """
    with socket.socket(socket.AF_INET, kind) as held:
        held.bind(("127.0.0.1", 0))
        if kind is socket.SOCK_DGRAM:
            held.connect(("127.0.0.2", 9))
        yield held.getsockname()[1]
