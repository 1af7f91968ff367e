"""An HTTP/1.1 answer, read from a stream as far as a probe needs it: RFC 9112."""

import asyncio
import re
from typing import NamedTuple

MAX_BODY_BYTES = 1024 * 1024  # what answers may be anything; no more of it is kept

_STATUS_LINE = re.compile(rb"HTTP/1\.([01]) ([1-9][0-9]{2})(?: .*)?", re.S)
_CUT_OFF = "its body is cut off"


class Malformed(Exception):
    """It is no HTTP answer, or one too large. Its text is a clause."""


class Answer(NamedTuple):
    """keeps: whether the connection can be asked again."""

    status: int
    body: bytes
    keeps: bool


async def read_answer(reader: asyncio.StreamReader) -> Answer:
    """The final answer, when its last byte is in. Raises EOFError if there is none, Malformed."""
    status = 100
    while 100 <= status < 200:  # RFC 9110 §15.2
        minor, status, headers = await _read_head(reader)
    connection = headers.get(b"connection", b"").lower()
    keeps = b"close" not in connection and (minor == 1 or b"keep-alive" in connection)
    # RFC 9112 §6.3, in its order.
    if status in (204, 304):
        return Answer(status, b"", keeps)
    if b"chunked" in headers.get(b"transfer-encoding", b"").lower():
        return Answer(status, await _read_chunks(reader), keeps)
    if b"content-length" in headers:
        return Answer(status, await _read_sized(reader, headers[b"content-length"], 10), keeps)
    body = bytearray()
    while piece := await reader.read(65_536):
        body += piece
        _check(len(body))
    return Answer(status, bytes(body), keeps=False)


async def _read_head(reader: asyncio.StreamReader) -> tuple[int, int, dict[bytes, bytes]]:
    """(minor version, status, headers in small letters)."""
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.LimitOverrunError:
        raise Malformed("its headers have no end") from None
    except asyncio.IncompleteReadError as error:
        if error.partial:
            raise Malformed("its headers are cut off") from None
        raise
    first, *lines = head[:-4].split(b"\r\n")
    match = _STATUS_LINE.fullmatch(first)
    if match is None:
        raise Malformed("its first line is no status line")
    pairs = (line.partition(b":") for line in lines)
    headers = {name.strip().lower(): value.strip() for name, _, value in pairs}
    return int(match[1]), int(match[2]), headers


async def _read_chunks(reader: asyncio.StreamReader) -> bytes:
    body = bytearray()
    while True:
        size = (await _read_line(reader)).partition(b";")[0].strip()
        piece = await _read_sized(reader, size, 16)
        body += piece
        _check(len(body))
        if not piece:
            break
        await _read_line(reader)
    while await _read_line(reader):  # trailers
        pass
    return bytes(body)


async def _read_line(reader: asyncio.StreamReader) -> bytes:
    try:
        return (await reader.readuntil(b"\r\n"))[:-2]
    except asyncio.LimitOverrunError:
        raise Malformed("a line in its body has no end") from None
    except asyncio.IncompleteReadError:
        raise Malformed(_CUT_OFF) from None


async def _read_sized(reader: asyncio.StreamReader, size: bytes, base: int) -> bytes:
    try:
        size_bytes = int(size, base)
    except ValueError:
        size_bytes = -1
    if size_bytes < 0:
        raise Malformed("the length of its body is no number")
    _check(size_bytes)
    try:
        return await reader.readexactly(size_bytes)
    except asyncio.IncompleteReadError:
        raise Malformed(_CUT_OFF) from None


def _check(size_bytes: int) -> None:
    if size_bytes > MAX_BODY_BYTES:
        raise Malformed(f"its body has more than {MAX_BODY_BYTES} bytes")
