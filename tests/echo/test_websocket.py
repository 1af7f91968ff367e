"""`/echo/ws` over a real connection."""

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus
from websockets.typing import Subprotocol

from lanbridge.echo import websocket
from lanbridge.echo.responses import Message, problem
from tests.echo.conftest import Serve, Stranger, state


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
    """The codes that wx.closeSocket may send are answered with themselves."""
    async with serve() as port, connect(f"ws://127.0.0.1:{port}/echo/ws", proxy=None) as socket:
        await socket.close(code, "再见")
    assert socket.close_code == code
    assert socket.protocol.close_rcvd is not None
    assert socket.protocol.close_rcvd.code == code


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


async def test_a_server_without_the_extension_closes() -> None:
    """Where the handshake cannot be answered in full it is closed, which servers send as 403."""
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    await problem({"type": "websocket"}, send, 403, "refused", "Refused", "no")
    assert sent == [{"type": "websocket.close"}]


async def test_messages_as_other_servers_form_them() -> None:
    """A message has text or bytes; the other may be absent, or there and None."""
    received: list[Message] = [
        {"type": "websocket.connect"},
        {"type": "websocket.receive", "text": None, "bytes": b"1"},
        {"type": "websocket.receive", "bytes": b"2"},
        {"type": "websocket.receive", "text": "", "bytes": None},
        {"type": "websocket.disconnect", "code": 1000},
    ]
    sent: list[Message] = []

    async def receive() -> Message:
        return received.pop(0)

    async def send(message: Message) -> None:
        sent.append(message)

    await websocket.echo({"type": "websocket"}, receive, send)
    assert sent == [
        {"type": "websocket.accept", "subprotocol": None},
        {"type": "websocket.send", "bytes": b"1"},
        {"type": "websocket.send", "bytes": b"2"},
        {"type": "websocket.send", "text": ""},
    ]
