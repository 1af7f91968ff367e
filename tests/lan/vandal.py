"""`python -m tests.lan.vandal HOST`: sends a daemon each kind of bad input, and says what it heard.

One line of JSON a case: its name, and the HTTP status or WebSocket close code that was the answer.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import struct
import sys
import zlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from asyncio import StreamReader, StreamWriter
    from collections.abc import AsyncIterator, Awaitable, Callable

    Case = Callable[[], Awaitable[int]]

PORT, PATIENCE_S = 8620, 60
MIB = 1024 * 1024
ENDLESS_BYTES = 32 * MIB
HANDSHAKE = (
    "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\n"
)
OPENING = f"{HANDSHAKE}Sec-WebSocket-Version: 13"
DEFLATE = "Sec-WebSocket-Extensions: permessage-deflate\r\n"
CONT, TEXT, BINARY, CLOSE, PING = 0, 1, 2, 8, 9
FIN, RSV1, RSV2 = 0x80, 0x40, 0x20


@contextlib.asynccontextmanager
async def connected() -> AsyncIterator[tuple[StreamReader, StreamWriter]]:
    """One connection to the daemon."""
    reader, writer = await asyncio.open_connection(sys.argv[1], PORT)
    try:
        yield reader, writer
    finally:
        writer.close()


async def status(reader: StreamReader) -> int:
    """Of the answer that comes."""
    return int((await reader.readuntil(b"\r\n")).split()[1])


async def pour(writer: StreamWriter, endless: bytes) -> None:
    """Go on until nobody takes it any more."""
    with contextlib.suppress(ConnectionError):
        for _ in range(ENDLESS_BYTES // len(endless)):
            writer.write(endless)
            await writer.drain()
            await asyncio.sleep(0)  # which drain() is not: else nothing is heard meanwhile


def head(line: str, *headers: str, host: str = "") -> bytes:
    """Of a request, whole."""
    lines = [f"{line} HTTP/1.1", f"Host: {host or sys.argv[1]}", *headers, "", ""]
    return "\r\n".join(lines).encode()


def post(path: str, length: object) -> bytes:
    """The head of one that tells a length."""
    return head(f"POST {path}", f"Content-Length: {length}")


def says(sent: bytes, endless: bytes = b"") -> Case:
    """A request, and what goes on for ever behind it; the status that comes while it does."""

    async def case() -> int:
        async with connected() as (reader, writer):
            writer.write(sent)
            pouring = asyncio.ensure_future(pour(writer, endless)) if endless else None
            heard = await status(reader)
            if pouring:
                pouring.cancel()
            return heard

    return case


def frame(opcode: int, data: bytes = b"", flags: int = FIN, *, masked: bool = True) -> bytes:
    """RFC 6455 §5.2, with a mask of zeros."""
    mask, size = 0x80 if masked else 0, len(data)
    if size < 126:
        start = struct.pack("!BB", flags | opcode, mask | size)
    else:
        start = struct.pack("!BBQ", flags | opcode, mask | 127, size)
    return start + bytes(4) * masked + data


def closes(sent: bytes, extension: str = "") -> Case:
    """Frames on a WebSocket; the code of the close frame that comes."""

    async def case() -> int:
        async with connected() as (reader, writer):
            writer.write(head("GET /echo/ws", extension + OPENING))
            assert await status(reader) == 101
            await reader.readuntil(b"\r\n\r\n")
            writer.write(sent)
            opcode, size = await reader.readexactly(2)
            assert opcode == FIN | CLOSE
            return int.from_bytes((await reader.readexactly(size))[:2], "big")

    return case


def bomb() -> bytes:
    """64 MiB of zeros as 64 KiB."""
    deflate = zlib.compressobj(wbits=-15)
    data = deflate.compress(bytes(64 * MIB)) + deflate.flush(zlib.Z_SYNC_FLUSH)
    return frame(BINARY, data[:-4], FIN | RSV1)


def cases() -> dict[str, Case]:
    """All, by name."""
    chunked = head("POST /echo", "Transfer-Encoding: chunked")
    chunk = b"10000\r\n" + bytes(65_536) + b"\r\n"
    return {
        # The first two are heard after the daemon's patience; all others go on meanwhile.
        "a head that stops": says(head("GET /echo")[:-4]),
        "a body that stops": says(post("/echo", 1_000) + b"a"),
        "no HTTP": says(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"),
        "a header without a colon": says(head("GET /echo", "x")),
        "two Hosts": says(head("GET /echo", "Host: b")),
        "no Host": says(b"GET /echo HTTP/1.1\r\n\r\n"),
        "a length that is no number": says(post("/echo", "many")),
        "two lengths": says(post("/echo", "1\r\nContent-Length: 2")),
        "a chunk that has no length": says(chunked + b"zz\r\n"),
        "a target that is no ASCII": says(b"GET /\xff HTTP/1.1\r\nHost: a\r\n\r\n"),
        "a key that is none": says(
            head("GET /echo/ws", HANDSHAKE.replace("MDE", "") + "Sec-WebSocket-Version: 13")
        ),
        "a body too large": says(post("/echo", 2 * MIB), bytes(65_536)),
        "a body too large in chunks": says(chunked, chunk),
        "an absurd length": says(post("/echo", 10**18)),
        "an absurd length for /echo/raw": says(post("/echo/raw", 10**18)),
        "an absurd length of an upload": says(post("/echo/upload", 10**18), bytes(65_536)),
        "a length past all numbers": says(post("/echo", "9" * 400)),
        "a range behind the end": says(head("GET /echo/download/10", "Range: bytes=10-")),
        "a range that is none": says(head("GET /echo/download/10", "Range: bytes=b-a")),
        "a head without end": says(head("GET /echo")[:-2], b"x: a\r\n" * 10_000),
        "a header without end": says(head("GET /echo")[:-2] + b"x: ", bytes([97]) * 65_536),
        "a target without end": says(b"GET /", bytes([97]) * 65_536),
        "a trailer without end": says(chunked + b"1\r\na\r\n0\r\n", b"x: a\r\n" * 10_000),
        "an old WebSocket": says(head("GET /echo/ws", f"{HANDSHAKE}Sec-WebSocket-Version: 8")),
        "a frame without a mask": closes(frame(TEXT, b"a", masked=False)),
        "a reserved opcode": closes(frame(3, b"a")),
        "a reserved bit": closes(frame(TEXT, b"a", FIN | RSV2)),
        "compression that was not agreed": closes(frame(TEXT, b"a", FIN | RSV1)),
        "a fragment of nothing": closes(frame(CONT, b"a")),
        "a text in the fragments of another": closes(frame(TEXT, b"a", 0) + frame(TEXT, b"b")),
        "a ping in fragments": closes(frame(PING, b"a", 0)),
        "a ping too long": closes(frame(PING, bytes(126))),
        "half a close code": closes(frame(CLOSE, b"\x03")),
        "a close code that is not for sending": closes(frame(CLOSE, b"\x03\xee")),
        "a text that is no UTF-8": closes(frame(TEXT, b"\xff")),
        "a text cut in a character": closes(frame(TEXT, b"\xe5\xae", 0) + frame(CONT)),
        "a close reason that is no UTF-8": closes(frame(CLOSE, b"\x03\xe8\xff")),
        "a message too large": closes(frame(BINARY, bytes(MIB + 1))),
        "a message too large in fragments": closes(
            frame(BINARY, bytes(MIB), 0) + frame(CONT, b"a")
        ),
        "a message of a tebibyte": closes(b"\x82\xff" + struct.pack("!Q", 2**40)),
        "a bomb": closes(bomb(), DEFLATE),
    }


async def main() -> None:
    """All at once: nothing waits for the two that take long."""

    async def tell(name: str, case: Case) -> None:
        async with asyncio.timeout(PATIENCE_S):
            heard: object = None
            try:
                heard = await case()
            except (OSError, EOFError, AssertionError) as error:
                heard = repr(error)
        sys.stdout.write(json.dumps({name: heard}) + "\n")

    async with asyncio.TaskGroup() as tasks:
        for name, case in cases().items():
            tasks.create_task(tell(name, case), name=name)


if __name__ == "__main__":
    asyncio.run(main())
