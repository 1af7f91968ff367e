"""A real server on a loopback port, set up as the daemon sets it up."""

import asyncio
import socket
from collections import Counter
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from importlib.util import find_spec
from typing import Any

from lanbridge.api.connections import Connections
from lanbridge.api.server import Server, listening

# httptools has no wheel for some machines, and uvicorn then takes h11.
FAST = [False, True] if find_spec("httptools") else [False]


class Served(Server):
    """A server that starts and ends at once, where uvicorn's own looks every 0.1 s if it should.

    Its clock does not tick: `connections.sweep` is called by the tests that want it to.
    """

    def __init__(self, app: Any, *, fast: bool) -> None:
        super().__init__(app, Counter(), fast=fast)
        self.ready, self.end = asyncio.Event(), asyncio.Event()
        self.port = 0

    @property
    def connections(self) -> Connections:
        """Those that it has."""
        assert isinstance(self.server_state, Connections)
        return self.server_state

    async def main_loop(self) -> None:
        """Serve until the end."""
        await self.on_tick(0)
        self.ready.set()
        await self.end.wait()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Close what is open, and wait for what is being answered."""
        for server in self.servers:
            server.close()
        for connection in list(self.server_state.connections):
            connection.shutdown()
        while self.server_state.connections or self.server_state.tasks:  # noqa: ASYNC110 - sets
            await asyncio.sleep(0)


async def until(condition: Callable[[], object]) -> None:
    """Let the server go on until the condition is met."""
    while not condition():  # noqa: ASYNC110 - uvicorn has sets here, and no event
        await asyncio.sleep(0)


@asynccontextmanager
async def serving(app: Any, *, fast: bool) -> AsyncGenerator[Served]:
    """Serve an ASGI application on 127.0.0.1, as the daemon does."""
    server = Served(app, fast=fast)
    sockets = listening("127.0.0.1", 0)
    server.port = sockets[0].getsockname()[1]
    running = asyncio.create_task(server.serve(sockets=sockets))
    await server.ready.wait()
    try:
        yield server
    finally:
        server.end.set()
        await running
