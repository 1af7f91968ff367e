"""A receiver of webhooks on loopback, which answers as it is told."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from typing import NamedTuple

OK = b"HTTP/1.1 204 No Content\r\n\r\n"


class Received(NamedTuple):
    """One request; the names of its headers in small letters."""

    line: str
    headers: dict[str, str]
    body: bytes


class Receiver:
    """answers: what to say to each request in turn, then OK for ever; heard: called before that."""

    def __init__(self) -> None:
        self.heard: Callable[[], None] = lambda: None
        self.answers: list[bytes] = []
        self.url = ""
        self.port = 0
        self._received: asyncio.Queue[Received] = asyncio.Queue()

    async def next(self) -> Received:
        """The next request."""
        async with asyncio.timeout(30):
            return await self._received.get()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Read one request, answer, and close."""
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        line, *fields = head.removesuffix("\r\n\r\n").split("\r\n")
        headers = {name.lower(): value for name, value in (one.split(": ", 1) for one in fields)}
        body = await reader.readexactly(int(headers["content-length"]))
        self.heard()
        writer.write(self.answers.pop(0) if self.answers else OK)
        self._received.put_nowait(Received(line, headers, body))
        writer.close()


@asynccontextmanager
async def receiving() -> AsyncGenerator[Receiver]:
    """A receiver that listens."""
    receiver = Receiver()
    async with await asyncio.start_server(receiver.serve, "127.0.0.1", 0) as server:
        receiver.port = server.sockets[0].getsockname()[1]
        receiver.url = f"http://127.0.0.1:{receiver.port}/hook?token=x"
        yield receiver
