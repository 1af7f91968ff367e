"""A real server on a loopback port, with the echo application mounted as the daemon mounts it."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from importlib.util import find_spec
from socket import socket

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.routing import Mount, Route

from lanbridge.core.addresses import NetworkState
from lanbridge.echo.app import EchoApp
from lanbridge.echo.guard import Guard, Refusal
from tests.echo.home import HOME

# httptools has no wheel for some machines, and uvicorn then takes h11.
HTTP = ["h11", "httptools"] if find_spec("httptools") else ["h11"]

Serve = Callable[..., AbstractAsyncContextManager[int]]


class Server(uvicorn.Server):
    """uvicorn that says when it is ready, and leaves the signals alone."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ready = asyncio.Event()

    async def startup(self, sockets: list[socket] | None = None) -> None:
        """Start as uvicorn does, then say so."""
        await super().startup(sockets)
        self.ready.set()

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None]:
        """Install no handlers: they are the test runner's."""
        yield


class Stranger(Guard):
    """Takes every caller for one at 192.168.2.20, which no test can really be."""

    def check_caller(self, host: str | None) -> Refusal | None:
        """Judge another subnet's address in place of the caller's."""
        return super().check_caller("192.168.2.20")


def state() -> NetworkState:
    """The interfaces of the host in `home`."""
    return HOME


@pytest.fixture(name="serve", params=HTTP)
def serve_fixture(request: pytest.FixtureRequest) -> Serve:
    """`async with serve() as port`; `serve(Stranger(state))` refuses everybody."""

    @asynccontextmanager
    async def serve(guard: Guard | None = None) -> AsyncGenerator[int]:
        echo = EchoApp(guard or Guard(state))
        app = Starlette(routes=[Route("/echo", echo), Mount("/echo", echo)])
        config = uvicorn.Config(
            app,
            host="127.0.0.1",
            port=0,
            http=request.param,
            ws="websockets-sansio",
            lifespan="off",
            log_config=None,
            proxy_headers=False,
        )
        server = Server(config)
        running = asyncio.create_task(server.serve())
        await server.ready.wait()
        try:
            yield server.servers[0].sockets[0].getsockname()[1]
        finally:
            server.should_exit = True
            await running

    return serve
