"""`/echo/raw`: byte for byte, at any size."""

import asyncio
import contextlib

import httpx2
import pytest

from lanbridge.echo.bodies import MAX_BODY_BYTES, MAX_UPLOAD_BYTES
from lanbridge.echo.endpoints import raw
from tests.echo.conftest import Serve


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
async def test_the_body_comes_back(client: httpx2.AsyncClient, method: str) -> None:
    """The same bytes under the same content type, whatever the method."""
    sent = bytes(range(256)) if method != "GET" else b""
    headers = {"Content-Type": "image/x-thing; a=b"}
    response = await client.request(method, "/echo/raw", content=sent, headers=headers)
    assert response.status_code == 200
    assert response.content == sent
    assert response.headers["content-type"] == "image/x-thing; a=b"
    assert response.headers["x-content-type-options"] == "nosniff"


async def test_without_a_content_type_it_is_bytes(client: httpx2.AsyncClient) -> None:
    """What names no type comes back as application/octet-stream."""
    response = await client.post("/echo/raw", content=b"\xff")
    assert response.headers["content-type"] == "application/octet-stream"


@pytest.mark.parametrize("size_bytes", [65_537, MAX_BODY_BYTES, MAX_BODY_BYTES + 70_000])
@pytest.mark.parametrize("chunked", [False, True], ids=["length", "chunked"])
async def test_a_large_body_comes_back(serve: Serve, size_bytes: int, *, chunked: bool) -> None:
    """A body longer than a read is gathered, and one longer than the limit streams."""
    sent = bytes(number % 251 for number in range(size_bytes))
    async with serve() as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        how = "transfer-encoding: chunked" if chunked else f"content-length: {size_bytes}"
        writer.write(f"POST /echo/raw HTTP/1.1\r\nhost: a\r\n{how}\r\n\r\n".encode())
        if chunked:
            writer.write(b"%x\r\n%b\r\n0\r\n\r\n" % (size_bytes, sent))
        else:
            writer.write(sent)
        head = await reader.readuntil(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200 ")
        if b"content-length" in head.lower():
            received = await reader.readexactly(size_bytes)
        else:
            received = b""
            while length := int(await reader.readline(), 16):
                received += (await reader.readexactly(length + 2))[:-2]
        assert received == sent
        writer.close()


@pytest.mark.parametrize("length", [MAX_UPLOAD_BYTES + 1, 10**19 - 1])
async def test_an_absurd_length_is_refused_at_once(serve: Serve, length: int) -> None:
    """413 does not wait for a body that nobody can mean to send."""
    async with serve() as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        head = f"POST /echo/raw HTTP/1.1\r\nhost: a\r\ncontent-length: {length}\r\n\r\n"
        writer.write(head.encode())
        assert (await reader.readuntil(b"\r\n")).startswith(b"HTTP/1.1 413 ")
        writer.close()


async def test_a_body_without_a_length_has_the_same_limit(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The answer has begun and can say no more: it ends before its last chunk."""
    monkeypatch.setattr(raw, "MAX_UPLOAD_BYTES", 2 * MAX_BODY_BYTES)
    async with serve() as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"POST /echo/raw HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n")
        sending = asyncio.ensure_future(_send_without_end(writer))
        received = await _until_closed(reader)
        assert received.startswith(b"HTTP/1.1 200 ")
        assert MAX_BODY_BYTES < len(received) < 2.1 * MAX_BODY_BYTES
        assert not received.endswith(b"0\r\n\r\n")
        await sending
        writer.close()


async def _send_without_end(writer: asyncio.StreamWriter) -> None:
    """Chunks, until the server closes."""
    with contextlib.suppress(ConnectionError):
        while True:
            writer.write(b"10000\r\n%b\r\n" % bytes(0x10000))
            await writer.drain()


async def _until_closed(reader: asyncio.StreamReader) -> bytes:
    """All that comes; the end may be a reset."""
    received = b""
    with contextlib.suppress(ConnectionError):
        while piece := await reader.read(2**16):
            received += piece
    return received
