"""A daemon without a network: what it hears is put in, what it answers is read over HTTP."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from lanbridge.api import server
from lanbridge.api.app import create_app
from lanbridge.config import AdvertiseSettings, Settings
from lanbridge.core.addresses import NetworkState
from lanbridge.core.events import LinksChanged, PacketHeard, Tick
from lanbridge.daemon import Daemon
from lanbridge.mdns.engine import Link
from tests.core.lan import Lan
from tests.echo.home import interface

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

    def __init__(self, state_dir: Path) -> None:
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
        settings = Settings(state_dir=state_dir, name="bridge", advertise=(hardware,))
        self.daemon = Daemon(settings, server.serve)
        self.daemon.discovery.state = HOME
        self.daemon._advertise()
        self.registry = self.daemon.discovery.registry

    def connect(self) -> None:
        """Make it ready: mDNS runs on eth0, over no socket."""
        self.daemon.discovery.engine.links[2] = Link(HOME.interfaces[1])

    def _apply(self, observation: PacketHeard | LinksChanged | Tick) -> list[str]:
        before = len(self.events)
        told = super()._apply(observation)
        for event in self.events[before:]:
            self.daemon.hub.publish(event)
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
        sockets = server.listening("127.0.0.1", 0)
        monkeypatch.setattr(server, "listening", lambda host, port: sockets)
        running = asyncio.ensure_future(server.serve(home.daemon))
        try:
            yield sockets[0].getsockname()[1]
        finally:
            home.daemon.stop()
            home.daemon.hub.close()
            with contextlib.suppress(asyncio.CancelledError):
                await running

    return run
