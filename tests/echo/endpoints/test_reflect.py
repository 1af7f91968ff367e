"""`/echo` over a real connection: what was sent is what is answered."""

import asyncio
import base64
from bisect import bisect_left
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import AsyncExitStack

import httpx2
import pytest
from websockets.asyncio.client import connect

from lanbridge.echo import responses
from lanbridge.echo.app import EchoApp
from lanbridge.echo.bodies import (
    MAX_BODY_BYTES,
    MAX_MEMORY_BYTES,
    SMALL_BYTES,
    ClientLeft,
    Memory,
)
from lanbridge.echo.call import MAX_PAIRS, Call, Message, Problem, Room
from lanbridge.echo.endpoints.reflect import decode_referer, reflect
from lanbridge.echo.guard import Guard
from tests.echo.conftest import Serve, Stranger, state


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"])
async def test_every_method_and_path(client: httpx2.AsyncClient, method: str) -> None:
    """Any method on any path under /echo is answered with itself, as JSON, never redirected."""
    for path in ("/echo", "/echo/", "/echo/a/b", "/echo/%E5%AE%A2", "/echo/ws"):
        response = await client.request(method, path)
        assert response.status_code == 200
        assert response.headers["content-type"] == "application/json"
        # RFC 9110 §9.3.3 and its neighbours: of these methods only GET can be stored at all.
        assert response.headers.get("cache-control") == ("no-store" if method == "GET" else None)
        received = response.json()
        assert received["method"] == method
        assert received["url"].lower() == f"{client.base_url}{path}".lower()
        assert received["path"] == path.replace("%E5%AE%A2", "客")
        assert received["referer"] is None
        assert received["client"]["address"] == "127.0.0.1"
        assert received["client"]["port"] > 1023


async def test_query_and_headers_keep_order_and_repeats(client: httpx2.AsyncClient) -> None:
    """The query and the headers are pairs: nothing that was sent twice is lost."""
    headers = [("X-One", "1"), ("X-Two", "2"), ("x-one", "3")]
    response = await client.get("/echo?b=1&a=%E5%AE%A2&b=2&empty=&key", headers=headers)
    received = response.json()
    assert received["query"] == [["b", "1"], ["a", "客"], ["b", "2"], ["empty", ""], ["key", ""]]
    assert received["url"].endswith("/echo?b=1&a=%E5%AE%A2&b=2&empty=&key")
    ours = [pair for pair in received["headers"] if pair[0].startswith("x-")]
    assert ours == [["x-one", "1"], ["x-two", "2"], ["x-one", "3"]]


async def test_a_query_has_an_end(client: httpx2.AsyncClient) -> None:
    """As many pairs as anybody means to send; a read full of them is refused, not taken apart."""
    pairs = (await client.get(f"/echo?{'a&' * (MAX_PAIRS - 1)}")).json()["query"]
    assert len(pairs) == MAX_PAIRS - 1
    for path in ("/echo", "/echo/stream"):
        response = await client.get(f"{path}?{'a&' * MAX_PAIRS}")
        assert response.status_code == 422
        assert "at most 1024 pairs" in response.json()["detail"]


async def test_headers_are_utf_8_where_they_can_be(client: httpx2.AsyncClient) -> None:
    """Else they are Latin-1, in which every byte is a character."""
    headers = [(b"x-utf-8", "客厅".encode()), (b"x-latin-1", b"K\xfcche")]
    received = dict((await client.get("/echo", headers=headers)).json()["headers"])
    assert (received["x-utf-8"], received["x-latin-1"]) == ("客厅", "Küche")


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        b"text",
        "客厅\0\ufeff😀".encode(),
        b"\xff\x00",
        bytes(range(256)),
        b"a" * MAX_BODY_BYTES,
        "äb".encode() * 5_000,
        b"\x7f" * 10_000,
        b"\0" * 100_000 + "😀".encode(),
        b"\xff" * 10_001,
    ],
    ids=lambda sent: f"{sent[:4]!r} {len(sent)}",
)
async def test_body_comes_back(client: httpx2.AsyncClient, sent: bytes) -> None:
    """UTF-8 comes back as text, anything else as base64, and the size is in bytes."""
    received = (await client.post("/echo", content=sent)).json()
    assert received["size_bytes"] == len(sent)
    match received["body_encoding"]:
        case "utf-8":
            assert received["body"].encode() == sent
        case encoding:
            assert encoding == "base64"
            assert base64.b64decode(received["body"], validate=True) == sent


async def test_a_body_too_large_is_told_so(client: httpx2.AsyncClient) -> None:
    """A byte too much is a problem document, also when the length is not told before."""

    async def chunks() -> AsyncGenerator[bytes]:
        for _ in range(5):
            yield b"a" * (MAX_BODY_BYTES // 4)

    for content in (b"a" * (MAX_BODY_BYTES + 1), chunks()):
        response = await client.post("/echo", content=content)
        assert response.status_code == 413
        assert response.headers["content-type"] == "application/problem+json"
        assert response.json()["code"] == "body-too-large"
        assert response.json()["status"] == 413
    assert (await client.get("/echo")).status_code == 200


async def test_a_client_that_leaves_is_not_answered() -> None:
    """Nothing is sent to a client that goes away in the middle of its body."""
    parts: list[Message] = [
        {"type": "http.request", "body": b"a", "more_body": True},
        {"type": "http.disconnect"},
    ]

    async def receive() -> Message:
        return parts.pop(0)

    async def send(message: Message) -> None:
        raise AssertionError(message)

    scope = {"type": "http", "method": "POST", "path": "/echo", "headers": [], "query_string": b""}
    await EchoApp(Guard(state))({**scope, "client": ("127.0.0.1", 1)}, receive, send)


GROWING = b"\0" * 300_000  # six bytes each in JSON


class Reflected:
    """One request that is answered, with the memory of its server."""

    def __init__(self) -> None:
        self.room = Room()
        self.memory = self.room.one(Memory)
        self.answer = b""
        self.least_bytes = MAX_MEMORY_BYTES  # of the memory, free while the answer was sent

    async def send(self, message: Message) -> None:
        """As a server has it."""
        self.answer += message.get("body", b"")
        self.least_bytes = min(self.least_bytes, self.free_bytes())

    def free_bytes(self) -> int:
        """Of the memory."""

        def too_many(size_bytes: int) -> bool:
            taken = self.memory.take(size_bytes)
            if taken:
                self.memory.give(size_bytes)
            return not taken

        return bisect_left(range(MAX_MEMORY_BYTES + 1), True, key=too_many) - 1

    async def post(self, body: bytes) -> None:
        """The body arrives in one piece."""

        async def receive() -> Message:
            return {"type": "http.request", "body": body}

        about = {"type": "http", "method": "POST", "path": "/echo", "scheme": "http"}
        scope = {**about, "headers": [], "query_string": b"", "client": ("127.0.0.1", 1)}
        await reflect(Call(scope, receive, self.send, "", "127.0.0.1", self.room))


async def test_an_answer_longer_than_its_body_takes_its_place_in_memory() -> None:
    """What is sent counts as it is, and is given back when it has been taken."""
    reflected = Reflected()
    await reflected.post(GROWING)
    assert len(reflected.answer) > 6 * len(GROWING)
    assert reflected.least_bytes == MAX_MEMORY_BYTES - len(reflected.answer) + SMALL_BYTES
    assert reflected.free_bytes() == MAX_MEMORY_BYTES


async def test_without_memory_only_what_is_small_is_answered() -> None:
    """A body whose answer has no room is told to come again; whoever took all stops no other."""
    reflected = Reflected()
    assert reflected.memory.take(MAX_MEMORY_BYTES - 3 * len(GROWING))
    with pytest.raises(Problem, match="try again in a second") as busy:
        await reflected.post(GROWING)
    assert (busy.value.status, reflected.answer) == (503, b"")
    assert reflected.memory.take(3 * len(GROWING))
    await reflected.post(b"small")
    assert b'"body": "small"' in reflected.answer


async def test_others_are_served_while_a_large_body_is_written() -> None:
    """The attack: a mebibyte of what is hard to write, which would hold the loop for a second."""
    turns = 0

    async def another() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    other = asyncio.create_task(another())
    await Reflected().post(GROWING)
    other.cancel()
    assert turns > len(GROWING) / 5_000


async def test_who_does_not_read_gives_the_memory_back(monkeypatch: pytest.MonkeyPatch) -> None:
    """An answer of which nothing is taken for a minute is not waited for any longer."""
    monkeypatch.setattr(responses, "UNREAD_S", 0.0)
    reflected = Reflected()

    async def send(message: Message) -> None:
        if message["type"] == "http.response.body":
            await asyncio.Future()

    reflected.send = send  # type: ignore[method-assign]
    with pytest.raises(ClientLeft):
        await reflected.post(GROWING)
    assert reflected.free_bytes() == MAX_MEMORY_BYTES


async def test_what_a_client_holds_is_counted(serve: Serve) -> None:
    """Requests and sockets of one address at once stand beside the platform's limits."""
    async with (
        serve() as port,
        httpx2.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False) as client,
        connect(f"ws://127.0.0.1:{port}/echo/ws", proxy=None),
        client.stream("GET", "/echo/stream?count=2&pause_s=30") as stream,
    ):
        assert await anext(stream.aiter_lines())
        held = (await client.get("/echo")).json()["holds"]
        assert held == {"requests": 2, "sockets": 1, "limits": {"requests": 10, "sockets": 5}}
    async with serve() as port, httpx2.AsyncClient(trust_env=False) as client:
        held = (await client.get(f"http://127.0.0.1:{port}/echo")).json()["holds"]
        assert (held["requests"], held["sockets"]) == (1, 0)


async def test_more_than_the_platform_allows_is_counted_too(serve: Serve) -> None:
    """The limits are the platform's, and not ours: the eleventh request is answered."""
    lines: list[AsyncIterator[str]] = []  # one that is forgotten closes its stream
    async with (
        serve() as port,
        httpx2.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False) as client,
        AsyncExitStack() as held,
    ):
        for _ in range(6):
            await held.enter_async_context(connect(f"ws://127.0.0.1:{port}/echo/ws", proxy=None))
        for _ in range(10):
            asked = client.stream("GET", "/echo/stream?count=2&pause_s=30")
            lines.append((await held.enter_async_context(asked)).aiter_lines())
            assert await anext(lines[-1])
        holds = (await client.get("/echo")).json()["holds"]
    assert (holds["requests"], holds["sockets"]) == (11, 6)


async def test_head_has_the_headers_alone(client: httpx2.AsyncClient) -> None:
    """HEAD is answered with the length that the document has, and no document."""
    response = await client.head("/echo")
    assert response.status_code == 200
    assert response.content == b""
    assert int(response.headers["content-length"]) > 100


async def test_a_stranger_is_refused(serve: Serve) -> None:
    """A caller of another subnet gets a problem document with code, reason and remedy."""
    guard = Stranger(state)
    async with serve(guard) as port, httpx2.AsyncClient(trust_env=False) as client:
        response = await client.post(f"http://127.0.0.1:{port}/echo", content=b"hello")
    assert response.status_code == 403
    assert response.headers["content-type"] == "application/problem+json"
    code = response.json()["code"]
    assert response.json()["title"].lower() == code.replace(
        "-", " "
    )  # RFC 9457 §3.1.3: of the type
    problem = response.json()
    assert problem["code"] == "refused"
    assert problem["type"] == "/errors/refused"
    assert problem["reason"] == "other-subnet"
    assert "connect the caller to the same Wi-Fi" in problem["detail"]
    assert guard.refused == {"other-subnet": 1}


async def test_the_mini_program_is_recognised(client: httpx2.AsyncClient) -> None:
    """The Referer of wx.request is taken apart in the answer."""
    referer = "https://servicewechat.com/wx0123456789abcdef/0/page-frame.html"
    received = (await client.get("/echo", headers={"Referer": referer})).json()
    assert received["referer"] == {
        "appid": "wx0123456789abcdef",
        "version": "0",
        "kind": "unreleased",
    }


@pytest.mark.parametrize(
    ("text", "version_and_kind"),
    [
        ("https://servicewechat.com/wx1/0/page-frame.html", ("0", "unreleased")),
        ("https://servicewechat.com/wx1/devtools/page-frame.html", ("devtools", "devtools")),
        ("https://servicewechat.com/wx1/128/page-frame.html", ("128", "released")),
        ("http://servicewechat.com/wx1/0/page-frame.html", None),
        ("https://servicewechat.com.example/wx1/0/page-frame.html", None),
        ("https://servicewechat.com/wx1/0/page-frame.html\n", None),
        ("https://servicewechat.com/wx1/٣/page-frame.html", None),
        ("https://servicewechat.com/wx1/0/", None),
        ("", None),
    ],
)
def test_referers(text: str, version_and_kind: tuple[str, str] | None) -> None:
    """Exactly the documented form is decoded, and anything else is not a mini-program's."""
    decoded = decode_referer(text)
    assert (decoded and (decoded["version"], decoded["kind"])) == version_and_kind
