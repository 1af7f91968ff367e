"""HTTP answers as servers send them, and as they should not."""

import asyncio

import pytest

from lanbridge.probe import http_answer
from lanbridge.probe.http_answer import Answer, Malformed, read_answer


async def read(raw: bytes, *, limit: int = 65_536) -> Answer:
    """The answer in these bytes, after which the server closes."""
    reader = asyncio.StreamReader(limit)
    reader.feed_data(raw)
    reader.feed_eof()
    return await read_answer(reader)


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi!", Answer(200, b"hi", True)),
        (b"HTTP/1.1 200\r\ncontent-length:0\r\n\r\n", Answer(200, b"", True)),
        (b"HTTP/1.1 204 No Content\r\n\r\n", Answer(204, b"", True)),
        (b"HTTP/1.1 304 \r\nContent-Length: 9\r\n\r\n", Answer(304, b"", True)),
        (b"HTTP/1.1 200 OK\r\n\r\nto the end", Answer(200, b"to the end", False)),
        (b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nhi", Answer(200, b"hi", False)),
        (
            b"HTTP/1.0 200 OK\r\nConnection: Keep-Alive\r\nContent-Length: 2\r\n\r\nhi",
            Answer(200, b"hi", True),
        ),
        (
            b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nhi",
            Answer(200, b"hi", False),
        ),
        (
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\nA;x=y\r\n0123456789"
            b"\r\n0\r\nTrailer: 1\r\n\r\n",
            Answer(200, b"hi0123456789", True),
        ),
        (
            b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\n"
            b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
            Answer(200, b"", True),
        ),
    ],
    ids=[
        *("sized", "no phrase", "204", "304", "until close", "1.0", "1.0 kept", "close"),
        *("chunked", "interim"),
    ],
)
async def test_it_is_read_to_its_end(raw: bytes, expected: Answer) -> None:
    """RFC 9112 §6.3: where the body ends, and whether the connection goes on."""
    assert await read(raw) == expected


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        (b"SSH-2.0-OpenSSH_9.2\r\n\r\n", "no status line"),
        (b"HTTP/1.1 099 No\r\n\r\n", "no status line"),
        (b"HTTP/2 200\r\n\r\n", "no status line"),
        (b"HTTP/1.1 200 OK\r\nContent-Le", "headers are cut off"),
        (b"HTTP/1.1 200 OK\r\nX: " + b"a" * 70_000, "headers have no end"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhi", "body is cut off"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", "no number"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n", "no number"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n", "more than"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", "no number"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab", "body is cut off"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5", "body is cut off"),
        (
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + b"1" * 70_000,
            "a line in its body has no end",
        ),
    ],
    ids=[
        *("ssh", "status", "version", "cut head", "endless head", "cut body", "negative"),
        *("words", "huge", "bad chunk", "cut chunk", "cut size", "endless size"),
    ],
)
async def test_what_is_no_answer_is_said(raw: bytes, why: str) -> None:
    """In a clause, and without reading on for ever."""
    with pytest.raises(Malformed, match=why):
        await read(raw)


async def test_silence_is_the_end_of_the_stream() -> None:
    """The server closed an idle connection, perhaps, so this is no malformed answer."""
    with pytest.raises(EOFError):
        await read(b"")


@pytest.mark.parametrize("head", ["", "Transfer-Encoding: chunked\r\n"], ids=["plain", "chunked"])
async def test_a_body_without_an_end_is_not_kept(
    monkeypatch: pytest.MonkeyPatch, head: str
) -> None:
    """What answers may be anything."""
    monkeypatch.setattr(http_answer, "MAX_BODY_BYTES", 8)
    body = b"5\r\nabcde\r\n5\r\nabcde\r\n" if head else b"a" * 10
    with pytest.raises(Malformed, match="more than 8 bytes"):
        await read(f"HTTP/1.1 200 OK\r\n{head}\r\n".encode() + body)
