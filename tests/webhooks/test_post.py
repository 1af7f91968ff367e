"""One POST: what is sent, what is understood of the answer, and its end in time."""

import asyncio
from collections.abc import AsyncGenerator

import pytest

from lanbridge.core.webhooks import target
from lanbridge.webhooks import post as module
from lanbridge.webhooks.post import post
from tests.webhooks.receiver import Receiver, receiving


@pytest.fixture
async def receiver() -> AsyncGenerator[Receiver]:
    """One that listens."""
    async with receiving() as receiver:
        yield receiver


async def test_what_is_sent(receiver: Receiver) -> None:
    """A request that any server understands."""
    assert await post(target(receiver.url), {"webhook-id": "b-1"}, b'{"a": 1}') == 204
    received = await receiver.next()
    assert (received.line, received.body) == ("POST /hook?token=x HTTP/1.1", b'{"a": 1}')
    assert received.headers["host"] == f"127.0.0.1:{receiver.port}"
    assert received.headers["content-type"] == "application/json"
    assert received.headers["user-agent"].startswith("lanbridge/")
    assert received.headers["webhook-id"] == "b-1"


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", 200),
        (b"HTTP/1.0 500 Oh\r\n\r\n", 500),
        (b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\n\r\n", 302),
        (b"HTTP/1.1 100 Continue\r\nA: b\r\n\r\nHTTP/1.1 201 Created\r\n\r\n", 201),
        (b"HTTP/1.1 200\r\n\r\n" + b"x" * 200_000, 200),
    ],
    ids=["whole", "old", "redirect", "informational", "endless"],
)
async def test_the_status_of_an_answer(receiver: Receiver, answer: bytes, status: int) -> None:
    """A redirect is not followed, and of a body only so much is read."""
    receiver.answers = [answer]
    assert await post(target(receiver.url), {}, b"") == status


@pytest.mark.parametrize(
    "answer",
    [b"", b"SSH-2.0-x\r\n", b"HTTP/2 200\r\n", b"HTTP/1.1 20\r\n", b"x" * 100_000],
    ids=["nothing", "ssh", "http/2", "two digits", "a long line"],
)
async def test_what_speaks_no_http_is_an_error(receiver: Receiver, answer: bytes) -> None:
    """Not a status that somebody made up."""
    receiver.answers = [answer]
    with pytest.raises(ValueError, match=r"does not speak HTTP|limit|longer"):
        await post(target(receiver.url), {}, b"")


async def test_nobody_there_is_an_error() -> None:
    """With what the system says of it."""
    async with receiving() as receiver:
        url = receiver.url
    with pytest.raises(OSError, match=r"refused|failed"):
        await post(target(url), {}, b"")


async def test_a_receiver_that_never_ends_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    """A byte now and then keeps nobody: the time is for all of it."""
    monkeypatch.setattr(module, "TIMEOUT_S", 0.05)
    ended = asyncio.Event()

    async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while not reader.at_eof():
                writer.write(b"H")
                await reader.read(65_536)
        finally:
            writer.close()
            ended.set()

    async with await asyncio.start_server(drip, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        with pytest.raises(TimeoutError):
            await post(target(f"http://127.0.0.1:{port}"), {}, b"")
        await ended.wait()


async def test_a_zone_is_ours_alone() -> None:
    """It says by which interface, which is nothing to the receiver."""
    async with receiving() as receiver:
        to = target(receiver.url)._replace(origin=f"http://[fe80::1%25eth0]:{receiver.port}")
        await post(to, {}, b"")
        assert (await receiver.next()).headers["host"] == f"[fe80::1]:{receiver.port}"
