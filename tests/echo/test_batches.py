"""Datagrams read and sent back together, in the two ways that there are, on real sockets."""

import socket
import sys
from collections.abc import Generator
from ipaddress import IPv4Address

import pytest

from lanbridge.core import pktinfo
from lanbridge.echo.batches import BATCH, Batch, PortableBatch, new_batch

KINDS = [PortableBatch, new_batch] if sys.platform == "linux" else [PortableBatch]
ROOM_BYTES = 100


class Pair:
    """A batch of a socket, and a client of it."""

    def __init__(self, kind: object, host: str) -> None:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self.sock = socket.socket(family, socket.SOCK_DGRAM)
        self.sock.setblocking(False)
        for level, option in pktinfo.OPTIONS[family]:
            self.sock.setsockopt(level, option, 1)
        self.sock.bind(("", 0))
        self.client = socket.socket(family, socket.SOCK_DGRAM)
        self.client.settimeout(5)
        self.client.connect((host, self.sock.getsockname()[1]))
        assert callable(kind)
        self.batch: Batch = kind(self.sock, ROOM_BYTES)

    def send(self, *payloads: bytes) -> None:
        """From the client; over loopback they are there at once."""
        for payload in payloads:
            self.client.send(payload)

    def reply(self, number: int) -> object:
        """How to answer a datagram."""
        return self.batch.packed(pktinfo.reply(self.batch.headers(number).arrival))


@pytest.fixture(params=KINDS, ids=lambda kind: kind.__name__)
def kind(request: pytest.FixtureRequest) -> object:
    """What makes a batch."""
    return request.param


@pytest.fixture(params=["127.0.0.1", "127.0.0.2", "::1"])
def pair(kind: object, request: pytest.FixtureRequest) -> Generator[Pair]:
    """By IPv4, by another address than the first one, and by IPv6."""
    pair = Pair(kind, request.param)
    yield pair
    pair.sock.close()
    pair.client.close()


def test_nothing_is_there(pair: Pair) -> None:
    """A wake-up for nothing is none."""
    assert pair.batch.read() == 0
    assert pair.batch.flush() == (0, 0)


def test_headers(pair: Pair) -> None:
    """Where a datagram is from and came to; the same for all of one client, another for others."""
    pair.send(b"one", b"", b"three")
    assert pair.batch.read() == 3
    about, sizes = zip(*map(pair.batch.about, range(3)), strict=True)
    assert sizes == (3, 0, 5)
    assert len(set(about)) == 1
    headers = pair.batch.headers(0)
    host, port = pair.client.getsockname()[:2]
    assert (str(headers.source), headers.source_port) == (host, port)
    assert str(headers.arrival.destination) == pair.client.getpeername()[0]
    assert headers.arrival.interface == socket.if_nametoindex("lo")
    assert headers.arrival.hops == 64
    with socket.socket(pair.client.family, socket.SOCK_DGRAM) as other:
        other.sendto(b"four", pair.client.getpeername())
    assert pair.batch.read() == 1
    assert pair.batch.about(0)[0] not in about


def test_some_are_sent_back(pair: Pair) -> None:
    """Each as it was, from the address that was asked, and in order; the others are not."""
    payloads = [bytes([number]) * (number % 7) for number in range(20)]
    for _ in range(3):
        pair.send(*payloads)
        assert pair.batch.read() == 20
        reply = pair.reply(0)
        answered = [number for number in range(20) if number % 3]
        for number in answered:
            pair.batch.send_back(number, reply)
        assert pair.batch.flush() == (len(answered), 0)
        assert [pair.client.recv(100) for _ in answered] == [payloads[one] for one in answered]


def test_more_than_a_batch(pair: Pair) -> None:
    """What is left is read the next time."""
    pair.send(*[b"x"] * (BATCH + 3))
    assert [pair.batch.read(), pair.batch.read(), pair.batch.read()] == [BATCH, 3, 0]


def test_what_has_no_room_is_cut(pair: Pair) -> None:
    """And the next one is whole."""
    pair.send(b"a" * (ROOM_BYTES + 1), b"b" * ROOM_BYTES, b"c" * 60_000, b"d")
    sizes = [pair.batch.about(number)[1] for number in range(pair.batch.read())]
    assert sizes == [ROOM_BYTES, ROOM_BYTES, ROOM_BYTES, 1]


def test_what_the_system_does_not_take_costs_nothing_else(kind: object) -> None:
    """A reply from an address that is not ours is counted, and those around it are sent."""
    pair = Pair(kind, "127.0.0.1")
    pair.send(b"1", b"2", b"3", b"4")
    assert pair.batch.read() == 4
    good = pair.reply(0)
    arrival = pair.batch.headers(0).arrival._replace(destination=IPv4Address("192.0.2.1"))
    bad = pair.batch.packed(pktinfo.reply(arrival))
    for number, reply in enumerate([bad, good, bad, good]):
        pair.batch.send_back(number, reply)
    assert pair.batch.flush() == (2, 2)
    assert [pair.client.recv(10), pair.client.recv(10)] == [b"2", b"4"]
    pair.sock.close()
    pair.client.close()


def test_an_error_of_an_earlier_reply(kind: object) -> None:
    """ICMP says that nobody listens; the datagrams behind it are read all the same."""
    pair = Pair(kind, "127.0.0.1")
    gone = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    gone.connect(pair.client.getpeername())
    gone.send(b"from nobody")
    assert pair.batch.read() == 1
    reply = pair.reply(0)
    gone.close()
    pair.batch.send_back(0, reply)
    pair.batch.flush()
    pair.send(b"still here")
    assert pair.batch.read() or pair.batch.read()
    pair.sock.close()
    pair.client.close()
