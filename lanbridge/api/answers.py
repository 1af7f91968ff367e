"""Answers leave whole: uvicorn writes the head by itself, which is a segment and a call more."""

import asyncio
from collections.abc import Callable

MAX_JOINED_BYTES = (
    16_384  # of a body that goes with its head: to copy more costs more than it saves
)


class Answers:
    """What the answers on one connection are written to, in place of its transport."""

    __slots__ = ("_first", "_head", "_loop", "_transport", "write")
    write: Callable[[bytes], None]

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self._transport = transport
        self._loop = loop
        self._head = b""  # that waits for what is written next
        self._first: Callable[[bytes], None] = self._hold  # how that is written
        self.write = transport.write

    def begin(self) -> None:
        """What is written next is a head."""
        self.flush()
        self.write = self._first

    def flush(self) -> None:
        """Wait no longer, for nothing may come for a while; called in the next turn of the loop."""
        if self._head:
            self._join(b"")

    def end(self) -> None:
        """Nothing leaves after what was written: a cycle may not have heard yet that it is over."""
        self.flush()
        self.write = self._first = self._drop

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

    def _drop(self, data: bytes) -> None:
        pass

    def _join(self, data: bytes) -> None:
        head, self._head, self.write = self._head, b"", self._transport.write
        if len(data) <= MAX_JOINED_BYTES:
            self.write(head + data)
        else:
            self.write(head)
            self.write(data)
