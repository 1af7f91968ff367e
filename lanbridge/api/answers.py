"""Answers leave whole: uvicorn writes the head by itself, which is a segment and a call more."""

import asyncio
from collections.abc import Callable

# Of a body that leaves with its head; to copy more saves nothing.
MAX_JOINED_BYTES = 16_384


class Answers:
    """What the answers on one connection are written to, in place of its transport."""

    __slots__ = ("_head", "_loop", "_transport", "write")
    write: Callable[[bytes], None]

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self._transport = transport
        self._loop = loop
        self._head = b""  # that waits for what is written next
        self.write = transport.write

    def begin(self) -> None:
        """What is written next is a head, or a 100 Continue."""
        self.flush()
        self.write = self._hold

    def flush(self) -> None:
        """Wait no longer, for nothing may come for a while; called in the next turn of the loop."""
        if self._head:
            self._join(b"")

    def end(self) -> None:
        """The connection is gone. A method of ours that we hold would keep us in memory."""
        self._head, self.write = b"", self._transport.write

    def is_closing(self) -> bool:
        """As its transport has it."""
        return self._transport.is_closing()

    def close(self) -> None:
        """After what was written."""
        self.flush()
        self._transport.close()

    def _hold(self, head: bytes) -> None:
        self._head, self.write = head, self._join
        self._loop.call_soon(self.flush)

    def _join(self, data: bytes) -> None:
        head, self._head, self.write = self._head, b"", self._transport.write
        if len(data) <= MAX_JOINED_BYTES:
            self.write(head + data)
        else:
            self.write(head)
            self.write(data)
