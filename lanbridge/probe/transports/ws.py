"""WebSocket: a binary message that comes back unchanged, on one connection for all probes."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager

from websockets.asyncio.client import ClientConnection
from websockets.asyncio.client import connect as handshake
from websockets.exceptions import ConnectionClosed, InvalidStatus, WebSocketException

from lanbridge import __version__
from lanbridge.probe.echoes import DEFAULT_SIZE_BYTES, Echoes
from lanbridge.probe.failures import closed, denial
from lanbridge.probe.results import Extra, Outcome, ProbeTarget, Reply
from lanbridge.probe.sockets import connect

ECHO_PATH = "/echo/ws"
_CLOSE_TIMEOUT_S = 1.0
_LONGEST_BYTES = 65_536  # of a message that comes back


class Probe:
    """A connection that ends is opened again by the next probe."""

    window = 1_024
    silence = ""

    def __init__(
        self, target: ProbeTarget, size_bytes: int | None, clock: Callable[[], float]
    ) -> None:
        self.size_bytes = size_bytes or DEFAULT_SIZE_BYTES
        path = target.path or ECHO_PATH
        self.url = f"ws://{target}{path}"
        self._uri = f"ws://{target.authority}{path}"
        self._target = target
        self._clock = clock
        self._connection: ClientConnection | None = None
        self._connecting = asyncio.Lock()

    @asynccontextmanager
    async def running(self, extra: Callable[[Extra], None]) -> AsyncGenerator[None]:
        """The connection is opened by the first probe, for it may fail."""
        self._echoes = Echoes(self.size_bytes, self._clock, extra)
        async with asyncio.TaskGroup() as self._tasks:
            try:
                yield
            finally:
                if self._connection is not None:
                    await self._connection.close()

    async def probe(self, sequence: int) -> Reply:
        """Send one message; its answer is among all that arrive."""
        try:
            connection, connect_s = await self._connected()
            reply = await self._echoes.exchange(sequence, connection.send)
            return reply._replace(connect_s=connect_s)
        except ConnectionClosed as error:
            return closed(str(error))
        except (WebSocketException, ValueError) as error:
            status = error if isinstance(error, InvalidStatus) else error.__cause__
            if isinstance(status, InvalidStatus):  # a ValueError is of a redirect
                return denial(status.response.status_code, status.response.body or b"")
            return Reply(Outcome.BAD_REPLY, detail=f"it speaks no WebSocket: {error}")

    async def _connected(self) -> tuple[ClientConnection, float | None]:
        """The connection, and how long it took if it is new: TCP and the opening handshake."""
        async with self._connecting:
            if self._connection is not None:
                return self._connection, None
            began_s = self._clock()
            sock, _ = await connect(self._target, self._clock)
            self._connection = await handshake(
                self._uri,
                sock=sock,
                user_agent_header=f"lanbridge/{__version__}",
                compression=None,  # what is measured is the path, not zlib
                proxy=None,
                open_timeout=None,  # each probe has its own
                ping_interval=None,
                close_timeout=_CLOSE_TIMEOUT_S,
                max_size=_LONGEST_BYTES,
            )
            connect_s = self._clock() - began_s
            self._tasks.create_task(self._receive(self._connection), name="receive answers")
            return self._connection, connect_s

    async def _receive(self, connection: ClientConnection) -> None:
        try:
            while True:
                self._echoes.deliver(await connection.recv())
        except ConnectionClosed as error:
            self._connection = None
            self._echoes.fail_all(closed(str(error)))
