"""TCP: each probe is a new connection, opened and closed again. Any TCP service answers it."""

from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager

from lanbridge.core.errors import InvalidInput
from lanbridge.probe.results import Extra, Outcome, ProbeTarget, Reply
from lanbridge.probe.sockets import connect


class Probe:
    """The round trip is that of the handshake; nothing is sent to the service."""

    size_bytes = 0
    window = 32  # sockets
    silence = ""

    def __init__(
        self, target: ProbeTarget, size_bytes: int | None, clock: Callable[[], float]
    ) -> None:
        if size_bytes is not None:
            rule = "a probe over tcp only connects, and sends no bytes"
            raise InvalidInput(str(size_bytes), rule, "leave the size out")
        self.url = f"tcp://{target}"
        self._target = target
        self._clock = clock

    @asynccontextmanager
    async def running(self, extra: Callable[[Extra], None]) -> AsyncGenerator[None]:
        """Nothing to keep open."""
        yield

    async def probe(self, sequence: int) -> Reply:
        """Connect."""
        sock, rtt_s = await connect(self._target, self._clock)
        sock.close()
        return Reply(Outcome.OK, rtt_s)
