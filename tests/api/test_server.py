"""The server: its sockets, what it tells where it cannot have them, and its end."""

import asyncio
import contextlib
import socket
from collections import Counter
from collections.abc import AsyncGenerator, Callable
from typing import Any

import httpx2
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from lanbridge.api import server
from lanbridge.api.server import SHUTDOWN_S, listening
from lanbridge.api.sockets import MAX_MESSAGE_BYTES
from lanbridge.core.errors import PortUnavailable
from tests.api.conftest import Home, Serving
from tests.api.routes.test_events import follow


@pytest.mark.parametrize(
    ("host", "families"),
    [
        ("127.0.0.1", [socket.AF_INET]),
        ("::1", [socket.AF_INET6]),
        ("", [socket.AF_INET, socket.AF_INET6]),
    ],
)
def test_listening(host: str, families: list[int]) -> None:
    """On one address or on all; port 0 is one free port, the same for IPv4 and IPv6."""
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(one) for one in listening(host, 0)]
        assert [one.family for one in sockets] == families
        (port,) = {one.getsockname()[1] for one in sockets}
        for family in families:
            address = "127.0.0.1" if family == socket.AF_INET else "::1"
            socket.create_connection((address, port)).close()


async def test_the_clock_of_the_server_rests_while_nobody_is_connected(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """With the first connection it goes on, and the date in the answers is right again."""
    monkeypatch.setattr(server, "TICK_S", 0.01)
    refused: Counter[str] = Counter()
    (listener,) = listening("127.0.0.1", 0)
    port = listener.getsockname()[1]
    serving = server.Server(answer, refused)
    ticks = 0
    on_tick = serving.on_tick

    async def count(counter: int) -> bool:
        nonlocal ticks
        ticks += 1
        return await on_tick(counter)

    monkeypatch.setattr(serving, "on_tick", count)
    task = asyncio.ensure_future(serving.serve(sockets=[listener]))
    await until(lambda: ticks == 1)
    serving.server_state.default_headers = [(b"date", b"yesterday")]
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"GET / HTTP/1.1\r\nhost: a\r\n\r\n")
    head = await reader.readuntil(b"\r\n\r\n")
    assert b"date: " in head.lower()
    assert b"yesterday" not in head
    await until(lambda: ticks > 5)
    writer.close()
    await until(lambda: not serving.server_state.connections)
    await asyncio.sleep(0.05)
    rested = ticks
    await asyncio.sleep(0.1)
    assert ticks == rested
    serving.stop()
    await task


async def answer(scope: Any, receive: Any, send: Any) -> None:
    """204 for everybody."""
    await send({"type": "http.response.start", "status": 204, "headers": []})
    await send({"type": "http.response.body", "body": b""})


async def until(condition: Callable[[], bool]) -> None:
    """Let the loop run until it is so."""
    async with asyncio.timeout(10):
        while not condition():  # noqa: ASYNC110  # nothing tells of it
            await asyncio.sleep(0.001)


def test_a_port_in_use() -> None:
    """With the command that finds who has it."""
    with contextlib.ExitStack() as stack:
        (held,) = (stack.enter_context(one) for one in listening("127.0.0.1", 0))
        port = held.getsockname()[1]
        with pytest.raises(PortUnavailable) as unavailable:
            listening("127.0.0.1", port)
    assert str(unavailable.value) == (
        f"port '{port}': another program listens there; find it with `ss -ltnp sport = {port}`, "
        "or choose another with --port."
    )


def test_half_a_port_in_use_leaves_no_socket_open() -> None:
    """IPv6 is taken by another program, so IPv4 is given back."""
    with contextlib.ExitStack() as stack:
        (held,) = (stack.enter_context(one) for one in listening("::1", 0))
        port = held.getsockname()[1]
        with pytest.raises(PortUnavailable, match="another program listens there"):
            listening("", port)
        for one in listening("127.0.0.1", port):
            one.close()


def test_an_address_of_another_host() -> None:
    """The interface may not be up yet; the sentence names the address."""
    with pytest.raises(PortUnavailable) as unavailable:
        listening("192.0.2.77", 8620)
    assert str(unavailable.value) == (
        "port '8620': 192.0.2.77 is no address of this host now; correct --host, or leave it."
    )


def test_a_privileged_port(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the kernel says to a user who is not root."""

    def bind(address: str, port: int) -> socket.socket:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(server, "_bind", bind)
    with pytest.raises(PortUnavailable, match="ports below 1024 need a privilege; use --port 8620"):
        listening("", 80)


@pytest.mark.parametrize("code", [97, 99], ids=["no family", "no address"])
def test_a_kernel_without_ipv6(monkeypatch: pytest.MonkeyPatch, code: int) -> None:
    """IPv4 alone will do, unless IPv6 alone was asked for."""
    bind = server._bind

    def bind_ipv4(address: str, port: int) -> socket.socket:
        if ":" in address:
            raise OSError(code, "no IPv6")
        return bind(address, port)

    monkeypatch.setattr(server, "_bind", bind_ipv4)
    (only,) = listening("", 0)
    with only:
        assert only.family == socket.AF_INET
    with pytest.raises(PortUnavailable):
        listening("::1", 0)


async def test_a_port_in_use_ends_serve(home: Home) -> None:
    """Before anything is served."""
    with contextlib.ExitStack() as stack:
        (held,) = (stack.enter_context(one) for one in listening("127.0.0.1", 0))
        home.daemon.settings = home.daemon.settings.model_copy(
            update={"host": "127.0.0.1", "port": held.getsockname()[1]}
        )
        with pytest.raises(PortUnavailable):
            await server.serve(home.daemon)


async def test_it_ends_with_streams_and_sockets_open(home: Home, serving: Serving) -> None:
    """Goodbyes wait for it: streams are told to end, and the rest is cut in time."""
    loop = asyncio.get_running_loop()
    async with (
        serving() as port,
        follow(port) as stream,
        connect(f"ws://127.0.0.1:{port}/echo/ws", proxy=None) as websocket,
    ):
        idle, writer = await asyncio.open_connection("127.0.0.1", port)
        began_s = loop.time()
        home.daemon.stop()
        home.daemon.hub.close()
        assert await stream.block() == []
        assert await idle.read() == b""
        with pytest.raises(ConnectionClosed):
            await websocket.recv()
        writer.close()
    assert loop.time() - began_s < SHUTDOWN_S + 5
    assert home.daemon.hub.subscribers == 0


async def test_nobody_is_served_after_the_end(home: Home, serving: Serving) -> None:
    """The port is free again."""
    async with serving() as port:
        home.daemon.stop()
    for one in listening("127.0.0.1", port):
        one.close()


async def test_a_message_that_is_too_large_closes_the_websocket(serving: Serving) -> None:
    """RFC 6455 §7.4.1: 1009. The largest that may be comes back."""
    async with serving() as port:
        url = f"ws://127.0.0.1:{port}/echo/ws"
        async with connect(url, proxy=None, max_size=None, compression=None) as websocket:
            await websocket.send(b"a" * MAX_MESSAGE_BYTES)
            assert len(await websocket.recv()) == MAX_MESSAGE_BYTES
            await websocket.send(b"a" * (MAX_MESSAGE_BYTES + 1))
            with pytest.raises(ConnectionClosed) as closed:
                await websocket.recv()
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 1009


@pytest.mark.parametrize("path", ["/healthz", "/api/v1/services", "/docs", "/nope", "/ping"])
async def test_head_is_get_without_the_body(serving: Serving, path: str) -> None:
    """RFC 9110 §9.1: monitors ask so, `wget --spider` and `curl -I`."""
    async with serving() as port, httpx2.AsyncClient(trust_env=False) as client:
        url = f"http://127.0.0.1:{port}{path}"
        head, get = await client.head(url), await client.get(url)
        assert (head.status_code, head.content) == (get.status_code, b"")
        assert head.headers["content-type"] == get.headers["content-type"]
        assert int(head.headers["content-length"]) == len(get.content)


async def test_head_begins_no_stream(home: Home, serving: Serving) -> None:
    """It would have no end."""
    async with serving() as port, httpx2.AsyncClient(trust_env=False) as client:
        response = await client.head(f"http://127.0.0.1:{port}/api/v1/events")
        assert (response.status_code, home.daemon.hub.subscribers) == (405, 0)


async def test_every_answer_tells_the_browser_to_be_careful(serving: Serving) -> None:
    """Pages, data, errors and echo: no script but our own files, no frame, no guessed type."""
    async with serving() as port, httpx2.AsyncClient(trust_env=False) as client:
        for path in ("/docs", "/api/v1/status", "/nope", "/echo", "/ping", "/api/v1/services/x"):
            headers = (await client.get(f"http://127.0.0.1:{port}{path}")).headers
            assert headers.get_list("x-content-type-options") == ["nosniff"]
            (policy,) = headers.get_list("content-security-policy")
            assert "default-src 'self'" in policy
            assert "frame-ancestors 'none'" in policy
            assert "unsafe" not in policy
        async with connect(f"ws://127.0.0.1:{port}/echo/ws", proxy=None) as websocket:
            assert websocket.response is not None
            assert "content-security-policy" in websocket.response.headers
        wrong = await client.get(f"http://127.0.0.1:{port}/ping", headers={"Host": "evil.example"})
        assert (wrong.status_code, wrong.headers["x-content-type-options"]) == (421, "nosniff")


async def test_a_write_is_for_who_has_the_token(home: Home, serving: Serving) -> None:
    """Over a real connection, in pieces too; and the connection goes on after a refusal."""

    async def pieces() -> AsyncGenerator[bytes]:
        yield b'{"name": "a", "type": "_x._tcp", '
        yield b'"port": 1}'

    async with serving() as port, httpx2.AsyncClient(trust_env=False) as client:
        url = f"http://127.0.0.1:{port}/api/v1/advertisements"
        json_type = {"Content-Type": "application/json"}
        assert (await client.post(url, content=pieces(), headers=json_type)).status_code == 401
        headers = {"Authorization": f"Bearer {home.daemon.token.ensured()}"} | json_type
        assert (await client.post(url, content=pieces(), headers=headers)).status_code == 201
        assert home.daemon.http_refused == {"token-required": 1}
