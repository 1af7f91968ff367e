"""The echo application on a server with the daemon's limits, and raw connections to it."""

import asyncio
from collections.abc import AsyncGenerator

import pytest

from lanbridge.echo.app import EchoApp
from lanbridge.echo.guard import Guard
from tests.echo.home import HOME
from tests.serving import FAST, Served, serving


class Raw:
    """A TCP connection on which bytes are written as they are."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    def send(self, data: bytes | str) -> None:
        """Write; what is text is ASCII."""
        self.writer.write(data if isinstance(data, bytes) else data.encode())

    async def status(self) -> int:
        """Read a response of which the length is told; return its status."""
        head = await self.reader.readuntil(b"\r\n\r\n")
        for line in head.lower().split(b"\r\n"):
            if line.startswith(b"content-length:"):
                await self.reader.readexactly(int(line.partition(b":")[2]))
        return int(head.split()[1])

    async def rest(self) -> bytes:
        """Read to the end, which a reset is not."""
        return await self.reader.read()


@pytest.fixture(params=FAST, ids=lambda fast: "httptools" if fast else "h11")
async def server(request: pytest.FixtureRequest) -> AsyncGenerator[Served]:
    """A server of the echo endpoints."""
    async with serving(EchoApp(Guard(lambda: HOME)), fast=request.param) as server:
        yield server


@pytest.fixture
async def connections(server: Served) -> AsyncGenerator[list[Raw]]:
    """Those that a test opened; they are closed after it."""
    opened: list[Raw] = []
    yield opened
    for one in opened:
        one.writer.close()


class Dial:
    """`await dial()` opens a connection."""

    def __init__(self, server: Served, opened: list[Raw]) -> None:
        self._server = server
        self._opened = opened

    async def __call__(self) -> Raw:
        """Open one."""
        raw = Raw(*await asyncio.open_connection("127.0.0.1", self._server.port))
        self._opened.append(raw)
        return raw


@pytest.fixture
def dial(server: Served, connections: list[Raw]) -> Dial:
    """Open raw connections to the server."""
    return Dial(server, connections)
