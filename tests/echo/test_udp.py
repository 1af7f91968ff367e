"""UDP echo on real loopback sockets; which callers are served is `test_guard`'s to say."""

import asyncio
import socket
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from importlib.util import find_spec
from ipaddress import IPv4Address

import pytest

from lanbridge.core import pktinfo
from lanbridge.core.errors import PortUnavailable
from lanbridge.echo import udp
from lanbridge.echo.guard import MAX_DATAGRAM_BYTES, REPLY_HOPS, Flow, Guard, Reason
from lanbridge.echo.udp import DatagramGuard, UdpEcho
from tests.echo.home import HOME


class Neighbourly:
    """The real guard, for whom loopback is the LAN; its clock stands still.

    `refused` is set at the first refusal.
    """

    def __init__(self) -> None:
        self.guard = Guard(lambda: HOME)
        self.heard: list[Flow] = []
        self.refused = asyncio.Event()

    def check_datagram(self, flow: Flow, size_bytes: int, now_s: float) -> Reason | None:
        """Judge the datagram as if a neighbour had sent it to eth0."""
        self.heard.append(flow)
        moved = replace(
            flow,
            source=IPv4Address("192.168.1.20"),
            destination=IPv4Address("192.168.1.5"),
            interface=2,
        )
        reason = self.guard.check_datagram(moved, size_bytes, 0.0)
        if reason:
            self.refused.set()
        return reason


@asynccontextmanager
async def running(echo: UdpEcho) -> AsyncGenerator[UdpEcho]:
    """An echo that is started, and closed afterwards."""
    echo.start()
    try:
        yield echo
    finally:
        echo.close()


class Client(asyncio.DatagramProtocol):
    """Keeps what comes from the one address that it sends to."""

    def __init__(self) -> None:
        self.received: asyncio.Queue[bytes] = asyncio.Queue()

    def datagram_received(self, data: bytes, addr: object) -> None:
        """Keep it."""
        self.received.put_nowait(data)


@asynccontextmanager
async def client(host: str, port: int) -> AsyncGenerator[tuple[asyncio.DatagramTransport, Client]]:
    """A connected socket: the kernel drops replies that come from another address or port."""
    loop = asyncio.get_running_loop()
    transport, protocol = await loop.create_datagram_endpoint(Client, remote_addr=(host, port))
    try:
        yield transport, protocol
    finally:
        transport.close()


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.2", "::1"])
async def test_a_datagram_comes_back_unchanged(host: str) -> None:
    """The same bytes come back from the address and port they were sent to, by IPv4 and IPv6."""
    guard = Neighbourly()
    payloads = [b"1", b"\0" * 2, bytes(range(256)), b"a" * MAX_DATAGRAM_BYTES]
    async with running(UdpEcho(guard, 0)) as echo, client(host, echo.port) as (transport, here):
        for payload in payloads:
            transport.sendto(payload)
            assert await here.received.get() == payload
        assert echo.answered == len(payloads)
        assert echo.unsent == 0
    heard = guard.heard[0]
    assert (str(heard.source), str(heard.destination)) == (
        ("::1", "::1") if host == "::1" else ("127.0.0.1", host)
    )
    assert heard.interface == socket.if_nametoindex("lo")
    assert heard.hops is not None
    assert heard.hops > REPLY_HOPS
    assert heard.own_port == echo.port


async def test_what_is_refused_is_not_answered() -> None:
    """A datagram too large and an empty one get no answer, and the next gets its own."""
    guard = Neighbourly()
    async with (
        running(UdpEcho(guard, 0)) as echo,
        client("127.0.0.1", echo.port) as (transport, here),
    ):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
            for payload in (b"a" * (MAX_DATAGRAM_BYTES + 1), b"a" * 9_000, b""):
                other.sendto(payload, ("127.0.0.1", echo.port))
        transport.sendto(b"good")
        assert await here.received.get() == b"good"
        assert echo.answered == 1
    assert guard.guard.refused == {Reason.TOO_LARGE: 2, Reason.EMPTY: 1}


async def test_a_burst_longer_than_a_batch_is_answered_whole() -> None:
    """What one wake-up leaves in the socket is read at the next."""
    payloads = [b"%d" % number for number in range(150)]
    async with (
        running(UdpEcho(Neighbourly(), 0)) as echo,
        client("127.0.0.1", echo.port) as (transport, here),
    ):
        for payload in payloads:
            transport.sendto(payload)
        assert [await here.received.get() for _ in payloads] == payloads


async def test_two_daemons_fall_silent_at_the_first_reply() -> None:
    """One datagram with the other's port as forged source is answered once, and that is all."""
    one, other = Neighbourly(), Neighbourly()
    async with running(UdpEcho(other, 0)) as second:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as forger:
            forger.bind(("127.0.0.1", 0))
            port = forger.getsockname()[1]
            forger.sendto(b"for ever?", ("127.0.0.1", second.port))
        async with running(UdpEcho(one, port, "127.0.0.1")) as first:
            await one.refused.wait()
            assert first.answered + second.answered == 1
    assert one.guard.refused == {Reason.REPLY: 1}


class Naive(asyncio.DatagramProtocol):
    """RFC 862 to the letter, as other makers have it."""

    def connection_made(self, transport: asyncio.DatagramTransport) -> None:  # type: ignore[override]
        """Keep the transport."""
        self.transport = transport

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        """Answer anything."""
        self.transport.sendto(data, addr)


async def test_a_loop_with_a_foreign_echo_starves() -> None:
    """An echo that marks nothing is cut off when the source's bucket is empty."""
    guard = Neighbourly()
    loop = asyncio.get_running_loop()
    async with running(UdpEcho(guard, 0)) as echo:
        transport, _ = await loop.create_datagram_endpoint(Naive, local_addr=("127.0.0.1", 0))
        transport.sendto(b"for ever?", ("127.0.0.1", echo.port))
        await guard.refused.wait()
        transport.close()
        assert echo.answered == 200
    assert guard.guard.refused == {Reason.SOURCE_RATE: 1}


class Credulous:
    """Lets everything pass."""

    def check_datagram(self, flow: Flow, size_bytes: int, now_s: float) -> Reason | None:
        """Say yes."""


async def test_a_reply_that_cannot_be_sent_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    """A system that does not take the reply costs this reply and nothing else."""
    arrivals = [pktinfo.Arrival(IPv4Address("192.0.2.1"), 0, 64), pktinfo.Arrival()]
    monkeypatch.setattr(pktinfo, "read", lambda ancillary: arrivals.pop(0))
    async with (
        running(UdpEcho(Credulous(), 0)) as echo,
        client("127.0.0.1", echo.port) as (other, _),
        client("127.0.0.1", echo.port) as (transport, here),
    ):
        other.sendto(b"lost")
        transport.sendto(b"kept")
        assert await here.received.get() == b"kept"
    assert (echo.unsent, echo.answered) == (1, 1)


async def test_more_flows_than_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who is forgotten is answered all the same."""
    monkeypatch.setattr(udp, "MAX_FLOWS", 2)
    async with running(UdpEcho(Credulous(), 0)) as echo:
        for number in [*range(5), *range(5)]:
            async with client("127.0.0.1", echo.port) as (transport, here):
                transport.sendto(b"%d" % number)
                assert await here.received.get() == b"%d" % number
        assert len(echo._flows) <= 2


async def test_a_port_that_is_taken_is_named_with_its_remedy() -> None:
    """Two echoes never share a port; nothing stays bound, and a close may follow a failed start."""
    async with running(UdpEcho(Credulous(), 0)) as echo:
        second = UdpEcho(Credulous(), echo.port)
        with pytest.raises(PortUnavailable) as error:
            second.start()
        second.close()
        assert str(error.value) == (
            f"port 'UDP {echo.port}': another program has it on 0.0.0.0; "
            f"find it with `ss -ulpn sport = {echo.port}`, or choose another `port`."
        )
    async with running(UdpEcho(Credulous(), echo.port)) as again:
        assert again.port == echo.port
        again.close()


async def test_an_address_that_is_not_here_is_named() -> None:
    """A `host` that this machine does not have is told apart from a port that is taken."""
    with pytest.raises(PortUnavailable, match=r"192\.0\.2\.1 is no address of this host now"):
        UdpEcho(Credulous(), 0, "192.0.2.1").start()


def loops() -> list[Callable[[], asyncio.AbstractEventLoop]]:
    """Every event loop that the daemon may run on here: uvloop has no wheel for some machines."""
    if find_spec("uvloop") is None:
        return [asyncio.new_event_loop]
    import uvloop

    return [asyncio.new_event_loop, uvloop.new_event_loop]


@pytest.mark.parametrize("new_loop", loops())
def test_both_event_loops(new_loop: Callable[[], asyncio.AbstractEventLoop]) -> None:
    """The reader works on asyncio and on uvloop, and leaves nothing open."""

    async def once(guard: DatagramGuard) -> bytes:
        async with (
            running(UdpEcho(guard, 0)) as echo,
            client("127.0.0.1", echo.port) as (transport, here),
        ):
            transport.sendto(b"hello")
            return await here.received.get()

    with asyncio.Runner(loop_factory=new_loop) as runner:
        assert runner.run(once(Credulous())) == b"hello"
