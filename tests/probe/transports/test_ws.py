"""Probes over WebSocket, against servers that close, deny, repeat and lie."""

import asyncio
import http
import json
import socket
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
from websockets.asyncio.server import ServerConnection
from websockets.asyncio.server import serve as serve_websocket
from websockets.http11 import Request, Response

from lanbridge.probe.results import Outcome
from tests.probe.runs import deaf_port, outcomes, ping, results, stream_peer

Handler = Callable[[ServerConnection], Awaitable[None]]


@asynccontextmanager
async def serving(
    handler: Handler,
    deny: Callable[[ServerConnection, Request], Response | None] | None = None,
    host: str = "127.0.0.1",
) -> AsyncGenerator[int]:
    """The port of a server."""
    async with serve_websocket(handler, host, 0, process_request=deny) as server:
        yield next(iter(server.sockets)).getsockname()[1]


async def echo(connection: ServerConnection) -> None:
    """As lanbridge does."""
    async for message in connection:
        await connection.send(message)


@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
async def test_an_echo_answers(address: str) -> None:
    """On one connection for all, whose handshake is no part of a round trip."""
    opened: list[str] = []

    async def handler(connection: ServerConnection) -> None:
        assert connection.request
        opened.append(connection.request.path)
        await echo(connection)

    async with serving(handler, host=address) as port:
        told = results(await ping("ws", port, count=3, address=address))
    assert outcomes(told) == [(1, "ok"), (2, "ok"), (3, "ok")]
    assert [one.connect_ms is not None for one in told] == [True, False, False]
    assert opened == ["/echo/ws"]


async def test_a_round_trip_is_from_sending_to_receiving() -> None:
    """Without the handshake."""
    async with serving(echo) as port:
        (result,) = results(await ping("ws", port))
    assert result.rtt_ms == 1000
    assert result.connect_ms is not None


async def test_the_path_of_a_url_is_asked_for() -> None:
    """With its query, and the address as the Host header has it."""
    asked: list[tuple[str, str]] = []

    async def handler(connection: ServerConnection) -> None:
        assert connection.request
        asked.append((connection.request.path, connection.request.headers["Host"]))
        await echo(connection)

    async with serving(handler) as port:
        assert outcomes(await ping("ws", port, path="/a?b=c")) == [(1, "ok")]
    assert asked == [("/a?b=c", f"127.0.0.1:{port}")]


async def test_it_ends_with_a_closing_handshake() -> None:
    """RFC 6455 §7.1.1, so that the server's log has nothing to say."""
    codes: asyncio.Queue[int | None] = asyncio.Queue()

    async def handler(connection: ServerConnection) -> None:
        await echo(connection)
        codes.put_nowait(connection.close_code)

    async with serving(handler) as port:
        await ping("ws", port)
        assert await codes.get() == 1000


async def test_repeated_wrong_and_foreign_answers_are_told_apart() -> None:
    """And text is never the answer to bytes."""

    async def handler(connection: ServerConnection) -> None:
        await connection.send("Welcome!")
        first = await connection.recv()
        await connection.send(first)
        await connection.send(first)
        second = await connection.recv()
        assert isinstance(second, bytes)
        await connection.send(second[:-1])

    async with serving(handler) as port:
        told = await ping("ws", port, count=2)
    assert outcomes(told) == [(None, "stray"), (1, "ok"), (1, "duplicate"), (2, "bad-reply")]


async def test_a_connection_that_is_closed_fails_its_probe_and_is_opened_again() -> None:
    """The reason of the server is shown."""
    connections = 0

    async def handler(connection: ServerConnection) -> None:
        nonlocal connections
        connections += 1
        if connections == 1:
            await connection.recv()
            await connection.close(3001, "tired")
        else:
            await echo(connection)

    async with serving(handler) as port:
        told = results(await ping("ws", port, count=2, interval_s=0.3))
    assert outcomes(told) == [(1, "bad-reply"), (2, "ok")]
    assert "tired" in told[0].detail
    assert connections == 2


async def test_a_message_without_measure_ends_the_connection() -> None:
    """It is not kept in memory."""

    async def handler(connection: ServerConnection) -> None:
        await connection.recv()
        await connection.send(bytes(1_000_000))

    async with serving(handler) as port:
        (result,) = results(await ping("ws", port))
    assert (result.outcome, "1009" in result.detail) == (Outcome.BAD_REPLY, True)


async def test_the_guard_is_told_apart() -> None:
    """A handshake that is denied with lanbridge's reason."""

    def deny(connection: ServerConnection, request: Request) -> Response:
        problem = {"code": "refused", "detail": "not your subnet."}
        return connection.respond(http.HTTPStatus.FORBIDDEN, json.dumps(problem))

    async with serving(echo, deny) as port:
        (result,) = results(await ping("ws", port))
    assert (result.outcome, result.detail) == (Outcome.REFUSED_BY_GUARD, "not your subnet.")


@pytest.mark.parametrize("location", ["", "/elsewhere"], ids=["without", "with"])
async def test_a_redirect_is_not_followed(location: str) -> None:
    """What was to be measured is this server."""

    def deny(connection: ServerConnection, request: Request) -> Response:
        response = connection.respond(http.HTTPStatus.FOUND, "")
        if location:
            response.headers["Location"] = location
        return response

    async with serving(echo, deny) as port:
        (result,) = results(await ping("ws", port))
    assert (result.outcome, result.detail) == (Outcome.BAD_REPLY, "it answers 302 Found")


@pytest.mark.parametrize("greeting", [b"", b"SSH-2.0-OpenSSH_9.2\r\n\r\n"], ids=["silence", "ssh"])
async def test_what_is_no_websocket_is_a_bad_reply(greeting: bytes) -> None:
    """Whatever it says instead."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(greeting)
        writer.close()

    async with stream_peer(serve) as port:
        (result,) = results(await ping("ws", port))
    assert result.outcome is Outcome.BAD_REPLY
    assert result.detail.startswith("it speaks no WebSocket")


async def test_a_handshake_without_an_answer_times_out() -> None:
    """And the next probe tries another."""
    over = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        await over.wait()
        writer.close()

    async with stream_peer(serve) as port:
        told = await ping("ws", port, count=2, timeout_s=0.05)
        over.set()
    assert sorted(outcomes(told), key=str) == [(1, "timeout"), (2, "timeout")]


async def test_a_port_where_nobody_listens_refuses() -> None:
    """As over TCP."""
    with deaf_port(socket.SOCK_STREAM) as port:
        assert outcomes(await ping("ws", port)) == [(1, "refused")]
