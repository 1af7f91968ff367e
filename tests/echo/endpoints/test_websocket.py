"""`/echo/ws` over a real connection."""

import asyncio
import json
import weakref
from contextlib import AsyncExitStack

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosedError, InvalidStatus
from websockets.typing import Subprotocol

from lanbridge.echo.app import EchoApp
from lanbridge.echo.call import Message
from lanbridge.echo.endpoints.websocket import TAKEN_OVER, TOO_BIG
from lanbridge.echo.guard import Guard
from lanbridge.echo.replay import MAX_OF_ONE_CLIENT
from tests.echo.conftest import Serve, Stranger, state
from tests.serving import until


async def test_text_as_text_and_binary_as_binary(serve: Serve) -> None:
    """Each message comes back as what it was sent as, in order, empty ones too."""
    messages: list[str | bytes] = [
        "text",
        b"binary",
        "",
        b"",
        "客厅 😀",
        bytes(range(256)),
        "a" * 300_000,
    ]
    async with serve() as port, connect(f"ws://127.0.0.1:{port}/echo/ws", proxy=None) as socket:
        for message in messages:
            await socket.send(message)
        assert [await socket.recv() for _ in messages] == messages


async def test_the_first_subprotocol_is_chosen(serve: Serve) -> None:
    """One of the sub-protocols that the client asks for is echoed, and none if it asks for none."""
    asked = [Subprotocol("b"), Subprotocol("a")]
    async with serve() as port:
        url = f"ws://127.0.0.1:{port}/echo/ws"
        async with connect(url, proxy=None, subprotocols=asked) as socket:
            assert socket.subprotocol == "b"
        async with connect(url, proxy=None) as socket:
            assert socket.subprotocol is None


@pytest.mark.parametrize("code", [1000, 3000, 4999])
async def test_the_close_code_comes_back(serve: Serve, code: int) -> None:
    """The codes that wx.closeSocket may send come back with their reason."""
    async with serve() as port, connect(f"ws://127.0.0.1:{port}/echo/ws", proxy=None) as socket:
        await socket.close(code, "再见")
    assert socket.close_code == code
    assert socket.protocol.close_rcvd is not None
    assert socket.protocol.close_rcvd.code == code
    assert socket.protocol.close_rcvd.reason == "再见"


@pytest.mark.parametrize(
    ("path", "stranger", "status", "code"),
    [("/echo/ws", True, 403, "refused"), ("/echo/other", False, 404, "not-found")],
)
async def test_the_handshake_is_denied(
    serve: Serve, path: str, *, stranger: bool, status: int, code: str
) -> None:
    """A stranger and a wrong path get no connection, but a problem document."""
    async with serve(Stranger(state) if stranger else None) as port:
        with pytest.raises(InvalidStatus) as denied:
            await connect(f"ws://127.0.0.1:{port}{path}", proxy=None)
    response = denied.value.response
    assert response.status_code == status
    assert response.headers["content-type"] == "application/problem+json"
    assert response.body is not None
    assert f'"code": "{code}"'.encode() in response.body


async def play(path: str, *received: Message) -> list[Message]:
    """What the application sends to a server that hands over these messages."""
    waiting, sent = list(received), []

    async def receive() -> Message:
        return waiting.pop(0)

    async def send(message: Message) -> None:
        sent.append(message)

    scope = {"type": "websocket", "path": path, "client": ("127.0.0.1", 1), "query_string": b""}
    await EchoApp(Guard(state))(scope, receive, send)
    return sent


async def test_a_server_without_the_extension_closes() -> None:
    """Where the handshake cannot be answered in full it is closed, which servers send as 403."""
    assert await play("/echo/other") == [{"type": "websocket.close"}]


async def test_messages_as_other_servers_form_them() -> None:
    """A message has text or bytes; the other may be absent, or there and None."""
    sent = await play(
        "/echo/ws",
        {"type": "websocket.connect"},
        {"type": "websocket.receive", "text": None, "bytes": b"1"},
        {"type": "websocket.receive", "bytes": b"2"},
        {"type": "websocket.receive", "text": "", "bytes": None},
        {"type": "websocket.disconnect", "code": 1000},
    )
    assert sent == [
        {"type": "websocket.accept", "subprotocol": None},
        {"type": "websocket.send", "bytes": b"1"},
        {"type": "websocket.send", "bytes": b"2"},
        {"type": "websocket.send", "text": ""},
    ]


async def test_a_session_numbers_and_repeats_what_was_missed(serve: Serve) -> None:
    """Who comes back with the last number it saw gets the rest again, and then goes on."""
    async with serve() as port:
        url = f"ws://127.0.0.1:{port}/echo/ws?session="
        async with connect(f"{url}new", proxy=None) as socket:
            begun = json.loads(await socket.recv())
            assert (begun["seq"], begun["resumed"], begun["lost"]) == (0, False, 0)
            for message in ("one", b"\x02", "three"):
                await socket.send(message)
            assert [json.loads(await socket.recv()) for _ in range(3)] == [
                {"type": "echo", "seq": 1, "text": "one"},
                {"type": "echo", "seq": 2, "base64": "Ag=="},
                {"type": "echo", "seq": 3, "text": "three"},
            ]
        async with connect(f"{url}{begun['id']}&after=1", proxy=None) as socket:
            again = json.loads(await socket.recv())
            assert again == begun | {"seq": 3, "resumed": True}
            assert [json.loads(await socket.recv())["seq"] for _ in range(2)] == [2, 3]
            await socket.send("four")
            assert json.loads(await socket.recv())["seq"] == 4


async def to_the_end(socket: ClientConnection) -> None:
    """Read whatever comes."""
    while await socket.recv():
        pass


async def test_a_session_that_is_taken_over_ends_for_the_first(serve: Serve) -> None:
    """A phone that comes back before its dead socket is noticed has the session alone."""
    async with serve() as port:
        url = f"ws://127.0.0.1:{port}/echo/ws?session="
        async with connect(f"{url}new&beat_s=0.1", proxy=None) as first:
            begun = json.loads(await first.recv())
            async with connect(f"{url}{begun['id']}", proxy=None) as second:
                assert json.loads(await second.recv())["resumed"]
                assert json.loads(await second.recv())["type"] == "beat"
                with pytest.raises(ConnectionClosedError):
                    await to_the_end(first)
                assert (first.close_code, first.close_reason) == (
                    TAKEN_OVER,
                    "another connection took the session",
                )


async def test_a_takeover_is_told_at_once(serve: Serve) -> None:
    """The first connection hears of it without having spoken, and however often it happens."""
    async with serve() as port:
        url = f"ws://127.0.0.1:{port}/echo/ws?session="
        async with connect(f"{url}new", proxy=None) as first:
            begun = json.loads(await first.recv())
            async with connect(f"{url}{begun['id']}", proxy=None) as second:
                await second.recv()
                await first.wait_closed()
                async with connect(f"{url}{begun['id']}", proxy=None) as third:
                    assert json.loads(await third.recv())["resumed"]
                    await second.wait_closed()
        assert first.close_code == second.close_code == TAKEN_OVER


async def test_a_message_that_comes_with_the_loss_has_no_echo() -> None:
    """It was not numbered before the other connection took the session, so it is not in it."""
    app = EchoApp(Guard(state))
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    def connection(query: str) -> tuple[asyncio.Task[None], asyncio.Queue[Message]]:
        received: asyncio.Queue[Message] = asyncio.Queue()
        received.put_nowait({"type": "websocket.connect"})
        scope = {"type": "websocket", "path": "/echo/ws", "client": ("127.0.0.1", 1)}
        scope["query_string"] = query.encode()
        return asyncio.create_task(app(scope, received.get, send)), received

    def said() -> list[dict[str, object]]:
        return [json.loads(one["text"]) for one in sent if one["type"] == "websocket.send"]

    first, to_first = connection("session=new")
    await until(said)
    (begun,) = said()
    second, to_second = connection(f"session={begun['id']}")  # it takes its first step, and then
    to_first.put_nowait({"type": "websocket.receive", "text": "late"})  # this is received
    await first
    assert sent[-1]["type"] == "websocket.close"
    assert sent[-1]["code"] == TAKEN_OVER
    to_second.put_nowait({"type": "websocket.disconnect", "code": 1000})
    await second
    assert said() == [begun, begun | {"resumed": True}]


class Weak(dict[str, object]):
    """A message of which can be told whether anybody has it still."""


@pytest.mark.parametrize("query", [b"", b"session=new", b"session=new&beat_s=0.1"])
async def test_an_idle_connection_keeps_no_message(query: bytes) -> None:
    """The attack: a large message on each of many sockets, whose memory nobody counts."""
    given: list[weakref.ref[Message]] = []
    kept: list[Message | None] = []

    async def receive() -> Message:
        kept.extend(one() for one in given)
        message = Weak(type="websocket.connect")
        if len(given) in (1, 2):
            message = Weak(type="websocket.receive", text="a")
        elif given:
            message = Weak(type="websocket.disconnect")
        given.append(weakref.ref(message))
        return message

    async def send(_message: Message) -> None:
        pass

    scope = {"type": "websocket", "path": "/echo/ws", "client": ("127.0.0.1", 1)}
    await EchoApp(Guard(state))(scope | {"query_string": query}, receive, send)
    assert kept == [None] * 6


@pytest.mark.parametrize(
    ("message", "echoed"),
    [("a" * 1_048_576, True), (bytes(1_048_576), True), ("\0" * 250_001, False)],
    ids=["text", "binary", "controls"],
)
async def test_an_echo_much_longer_than_its_message_is_too_big(
    serve: Serve, message: str | bytes, *, echoed: bool
) -> None:
    """What a session adds is a third at most; the longest message that is none such comes back."""
    async with serve() as port:
        url = f"ws://127.0.0.1:{port}/echo/ws?session=new"
        async with connect(url, proxy=None, max_size=None) as socket:
            await socket.recv()
            await socket.send(message)
            if echoed:
                assert json.loads(await socket.recv())["seq"] == 1
            else:
                await socket.wait_closed()
                assert (socket.close_code, socket.close_reason) == (
                    TOO_BIG,
                    "its echo has more than 1500000 bytes",
                )


async def test_too_many_sessions_are_denied(serve: Serve) -> None:
    """A client that has its part of them is told to come again, and may connect without one."""
    async with serve() as port, AsyncExitStack() as held:
        url = f"ws://127.0.0.1:{port}/echo/ws"
        for _ in range(MAX_OF_ONE_CLIENT):
            await held.enter_async_context(connect(f"{url}?session=new", proxy=None))
        with pytest.raises(InvalidStatus) as denied:
            await connect(f"{url}?session=new", proxy=None)
        assert denied.value.response.status_code == 503
        await held.enter_async_context(connect(url, proxy=None))


async def test_an_unknown_session_begins_anew(serve: Serve) -> None:
    """A session that was forgotten is another one, and says so."""
    async with (
        serve() as port,
        connect(f"ws://127.0.0.1:{port}/echo/ws?session=gone&after=7", proxy=None) as socket,
    ):
        begun = json.loads(await socket.recv())
        assert begun["id"] != "gone"
        assert (begun["seq"], begun["resumed"], begun["lost"]) == (0, False, 0)


@pytest.mark.parametrize("query", ["session=new&beat_s=0", "session=new&after=-1"])
async def test_a_session_that_makes_no_sense_is_denied(serve: Serve, query: str) -> None:
    """A wrong parameter is a problem document in place of the handshake."""
    async with serve() as port:
        with pytest.raises(InvalidStatus) as denied:
            await connect(f"ws://127.0.0.1:{port}/echo/ws?{query}", proxy=None)
    assert denied.value.response.status_code == 422
