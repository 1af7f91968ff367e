"""A daemon without a network: what it hears is put in, what it answers is read over HTTP."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from lanbridge.api import server as api_server
from lanbridge.api.app import create_app
from lanbridge.config import AdvertiseSettings, Settings
from lanbridge.core.addresses import NetworkState
from lanbridge.core.events import Observation
from lanbridge.daemon import Daemon
from lanbridge.echo.app import EchoApp
from lanbridge.echo.guard import Guard
from lanbridge.mdns.engine import Link
from tests.core.lan import Lan
from tests.echo.home import HOME as ECHO_HOME
from tests.echo.home import interface
from tests.serving import FAST, Served
from tests.serving import serving as serving_app

CALLER = "10.0.0.9"  # a phone in the subnet of eth0

HOME = NetworkState(
    (
        interface("lo", 1, "127.0.0.1/8", "::1/128"),
        interface("eth0", 2, "10.0.0.1/24", "fe80::1/64"),
        interface("docker0", 3, "172.17.0.1/16", used=False),
    )
)


class Home(Lan):
    """The LAN of `tests.core.lan`, heard by a daemon whose discovery was never started."""

    def __init__(self, state_dir: Path, **settings: Any) -> None:
        super().__init__()
        hardware = AdvertiseSettings(
            name="Old lamp",
            type="_http._tcp",
            port=80,
            txt={"path": "/on", "secure": True},
            subtypes=("_printer",),
            host="old-lamp",
            addresses=("10.0.0.50",),
        )
        own: dict[str, Any] = {"state_dir": state_dir, "name": "bridge", "advertise": (hardware,)}
        self.daemon = Daemon(Settings(**own | settings), api_server.serve)
        self.daemon.discovery.state = HOME
        self.daemon._advertise()
        self.registry = self.daemon.discovery.registry
        # One time for both; `wait` is the timer.
        self.daemon.discovery._now_s = lambda: self.now_s  # type: ignore[method-assign]
        self.daemon.discovery._closed = True

    def connect(self) -> None:
        """Make it ready: mDNS runs on eth0, over no socket."""
        self.daemon.discovery.engine.links[2] = Link(HOME.interfaces[1])

    def _apply(self, observation: Observation) -> list[str]:
        before = len(self.events)
        told = super()._apply(observation)
        for event in self.events[before:]:
            self.daemon._tell(event)
        return told


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A daemon called `bridge` at 10.0.0.1 that has heard nothing yet."""
    return Home(tmp_path)


@pytest.fixture
def client(home: Home) -> Generator[TestClient]:
    """In this process, as a caller at 10.0.0.9; bugs are answered as a browser sees them."""
    app = create_app(home.daemon)
    with TestClient(
        app, raise_server_exceptions=False, client=(CALLER, 50_000), follow_redirects=False
    ) as client:
        yield client


Serving = Callable[[], AbstractAsyncContextManager[int]]


@pytest.fixture
def serving(home: Home, monkeypatch: pytest.MonkeyPatch) -> Serving:
    """`async with serving() as port`: `serve` itself, on a loopback port that listens already."""

    @asynccontextmanager
    async def run() -> AsyncGenerator[int]:
        sockets = api_server.listening("127.0.0.1", 0)
        monkeypatch.setattr(api_server, "listening", lambda host, port: sockets)
        running = asyncio.ensure_future(api_server.serve(home.daemon))
        try:
            yield sockets[0].getsockname()[1]
        finally:
            home.daemon.stop()
            home.daemon.hub.close()
            with contextlib.suppress(asyncio.CancelledError):
                await running

    return run


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
    async with serving_app(EchoApp(Guard(lambda: ECHO_HOME)), fast=request.param) as server:
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


@pytest.fixture
def token(home: Home) -> dict[str, str]:
    """The header that a write takes."""
    return {"Authorization": f"Bearer {home.daemon.token.ensured()}"}
