"""Probes over UDP, against peers that lose, delay, repeat, reorder and lie."""

import socket
from collections.abc import Callable

import pytest

from tests.probe.runs import deaf_port, outcomes, ping, results, udp_peer

Send = Callable[[bytes], None]
OK = [(1, "ok"), (2, "ok"), (3, "ok")]


def echo(number: int, datagram: bytes, send: Send) -> None:
    """RFC 862."""
    send(datagram)


@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
async def test_an_echo_answers(address: str) -> None:
    """Over IPv4 and IPv6, and each answer finds its probe."""
    async with udp_peer(echo, address) as port:
        told = results(await ping("udp", port, count=3, address=address))
    assert outcomes(told) == OK
    assert [(one.sent_bytes, one.received_bytes) for one in told] == [(64, 64)] * 3


async def test_a_round_trip_is_from_sending_to_receiving() -> None:
    """There is no connection before it."""
    async with udp_peer(echo) as port:
        (result,) = results(await ping("udp", port))
    assert (result.rtt_ms, result.connect_ms) == (1000, None)


@pytest.mark.parametrize("size_bytes", [4, 5, 4095])
async def test_a_datagram_is_as_long_as_asked_for(size_bytes: int) -> None:
    """From the bare sequence number to the most that a mini-program receives."""
    heard: list[bytes] = []

    def keep(number: int, datagram: bytes, send: Send) -> None:
        heard.append(datagram)
        send(datagram)

    async with udp_peer(keep) as port:
        assert outcomes(await ping("udp", port, size_bytes=size_bytes)) == [(1, "ok")]
    assert [len(datagram) for datagram in heard] == [size_bytes]


async def test_a_datagram_that_is_lost_is_a_timeout() -> None:
    """And no more than that one."""

    def drop_second(number: int, datagram: bytes, send: Send) -> None:
        if number != 2:
            send(datagram)

    async with udp_peer(drop_second) as port:
        told = await ping("udp", port, count=3, timeout_s=0.3)
    assert sorted(outcomes(told), key=str) == [(1, "ok"), (2, "timeout"), (3, "ok")]


async def test_an_answer_after_the_timeout_is_late() -> None:
    """It is told, and does not make the probe answered."""
    held: list[bytes] = []

    def delay_first(number: int, datagram: bytes, send: Send) -> None:
        held.append(datagram)
        if number == 2:
            send(held[0])
            send(held[1])

    async with udp_peer(delay_first) as port:
        told = await ping("udp", port, count=2, interval_s=0.5, timeout_s=0.2)
    assert outcomes(told) == [(1, "timeout"), (1, "late"), (2, "ok")]


async def test_an_answer_that_comes_twice_is_a_duplicate() -> None:
    """Told after the answer it repeats."""

    def twice(number: int, datagram: bytes, send: Send) -> None:
        send(datagram)
        send(datagram)

    async with udp_peer(twice) as port:
        told = await ping("udp", port, count=2)
    assert outcomes(told)[:3] == [(1, "ok"), (1, "duplicate"), (2, "ok")]


async def test_answers_that_overtake_each_other_find_their_probes() -> None:
    """Each is told when it came."""
    held: list[bytes] = []

    def backwards(number: int, datagram: bytes, send: Send) -> None:
        held.append(datagram)
        if number == 3:
            for each in reversed(held):
                send(each)

    async with udp_peer(backwards) as port:
        assert outcomes(await ping("udp", port, count=3)) == OK[::-1]


async def test_a_wrong_answer_is_a_bad_reply_and_a_foreign_one_a_stray() -> None:
    """By the number it bears."""

    def lie(number: int, datagram: bytes, send: Send) -> None:
        send(b"who are you?")
        send(datagram[:-1] + bytes([datagram[-1] ^ 1]))

    async with udp_peer(lie) as port:
        told = await ping("udp", port)
    assert sorted(outcomes(told), key=str) == [(1, "bad-reply"), (None, "stray")]


async def test_a_port_where_nobody_listens_refuses() -> None:
    """The system tells a connected socket so."""
    with deaf_port(socket.SOCK_DGRAM) as port:
        assert outcomes(await ping("udp", port, count=2)) == [(1, "refused"), (2, "refused")]
