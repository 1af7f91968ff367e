"""Probes over TCP, which connect and no more."""

import asyncio
import socket

import pytest

from lanbridge.core.errors import InvalidInput
from lanbridge.probe.results import Outcome
from tests.probe.runs import deaf_port, outcomes, ping, results, stream_peer


@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
async def test_a_connection_is_an_answer(address: str) -> None:
    """Of any service, over IPv4 and IPv6; it is closed again, and nothing was sent."""
    heard: asyncio.Queue[bytes] = asyncio.Queue()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.put_nowait(await reader.read())
        writer.close()

    async with stream_peer(serve, address) as port:
        told = results(await ping("tcp", port, count=3, address=address))
        (alone,) = results(await ping("tcp", port, address=address))
        assert [await heard.get() for _ in range(4)] == [b""] * 4
    assert [one.outcome for one in told] == [Outcome.OK] * 3
    assert (alone.rtt_ms, alone.connect_ms, alone.sent_bytes) == (1000, None, 0)


async def test_a_port_where_nobody_listens_refuses() -> None:
    """Each probe has its own answer to that."""
    with deaf_port(socket.SOCK_STREAM) as port:
        assert outcomes(await ping("tcp", port, count=2)) == [(1, "refused"), (2, "refused")]


async def test_a_scope_that_is_no_interface_cannot_be_reached() -> None:
    """An interface that was pulled out while it went on."""
    (result,) = results(await ping("tcp", 9, address="fe80::1%lanbridge-none"))
    assert result.outcome is Outcome.UNREACHABLE


async def test_a_size_is_refused() -> None:
    """Rather than not sent."""
    with pytest.raises(InvalidInput, match="leave the size out"):
        await ping("tcp", 9, size_bytes=64)
