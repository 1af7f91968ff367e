"""A real server on a loopback port, with the echo application as the daemon has it."""

from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import httpx2
import pytest

from lanbridge.core.addresses import NetworkState
from lanbridge.echo.app import EchoApp
from lanbridge.echo.guard import Guard, Refusal
from tests.echo.home import HOME
from tests.serving import FAST, serving

Serve = Callable[..., AbstractAsyncContextManager[int]]


class Stranger(Guard):
    """Takes every caller for one at 192.168.2.20, which no test can really be."""

    def check_caller(self, host: str | None) -> Refusal | None:
        """Judge another subnet's address in place of the caller's."""
        return super().check_caller("192.168.2.20")


def state() -> NetworkState:
    """The interfaces of the host in `home`."""
    return HOME


@pytest.fixture(name="serve", params=FAST, ids=lambda fast: "httptools" if fast else "h11")
def serve_fixture(request: pytest.FixtureRequest) -> Serve:
    """`async with serve() as port`; `serve(Stranger(state))` refuses everybody."""

    @asynccontextmanager
    async def serve(guard: Guard | None = None) -> AsyncGenerator[int]:
        async with serving(EchoApp(guard or Guard(state)), fast=request.param) as server:
            yield server.port

    return serve


@pytest.fixture
async def client(serve: Serve) -> AsyncGenerator[httpx2.AsyncClient]:
    """A client of a server that serves it."""
    async with (
        serve() as port,
        httpx2.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False) as client,
    ):
        yield client
