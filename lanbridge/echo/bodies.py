"""Bodies of requests: read piece by piece, within limits of size and of memory in all."""

from collections.abc import AsyncIterator
from typing import Self

from lanbridge.echo.call import Call, Message, Problem

MAX_BODY_BYTES = 1024 * 1024  # of a body that is kept until it is answered
MAX_UPLOAD_BYTES = 256 * 1024 * 1024  # of one that is not; 200 MB is the platform's most

# The attack: a thousand bodies of a mebibyte each, all but their last byte, or whose answers are
# not read. A body takes its place as it arrives, and whoever finds none is told to come again.
MAX_MEMORY_BYTES = 8 * 1024 * 1024
SMALL_BYTES = 16_384  # what every request may hold, whoever has taken all the rest


class ClientLeft(Exception):
    """The client went away in the middle of its body: there is nobody to answer."""


class Memory:
    """What is kept of bodies and of their answers, of all requests together."""

    def __init__(self, limit_bytes: int = MAX_MEMORY_BYTES) -> None:
        self._free_bytes = limit_bytes

    def take(self, size_bytes: int) -> bool:
        """Whether there was room; what was taken is to be given back."""
        if size_bytes > self._free_bytes:
            return False
        self._free_bytes -= size_bytes
        return True

    def give(self, size_bytes: int) -> None:
        self._free_bytes += size_bytes


class Share:
    """What one request holds of it, beyond SMALL_BYTES; given back where the `with` ends."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory
        self._held_bytes = self._taken_bytes = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._memory.give(self._taken_bytes)

    def hold(self, size_bytes: int) -> bool:
        """Whether there was room for so many more; or fewer, which there always is."""
        held_bytes = self._held_bytes + size_bytes
        taken_bytes = max(0, held_bytes - SMALL_BYTES)
        if not self._memory.take(taken_bytes - self._taken_bytes):
            return False
        self._held_bytes, self._taken_bytes = held_bytes, taken_bytes
        return True


def piece(message: Message) -> tuple[bytes, bool]:
    """Bytes of the body as they were received, and whether more may come. Raises ClientLeft."""
    if message["type"] == "http.disconnect":
        raise ClientLeft
    return message.get("body", b""), message.get("more_body", False)


def check_length(length: bytes | None, limit_bytes: int) -> None:
    """Raise Problem 413 where the Content-Length is told, and is more."""
    if length and length.isdigit() and int(length) > limit_bytes:
        raise too_large(limit_bytes)


async def pieces(call: Call, limit_bytes: int) -> AsyncIterator[bytes]:
    """The body as it arrives. Raises Problem 413 past the limit, and ClientLeft.

    An answer before the end of a body is heard: the server reads on, and throws away.
    """
    check_length(dict(call.scope["headers"]).get(b"content-length"), limit_bytes)
    size_bytes, more = 0, True
    while more:
        data, more = piece(await call.receive())
        size_bytes += len(data)
        if size_bytes > limit_bytes:
            raise too_large(limit_bytes)
        if data:
            yield data


def too_large(limit_bytes: int) -> Problem:
    """RFC 9110 §15.5.14."""
    detail = f"the body has more than {limit_bytes} bytes; send a smaller one."
    return Problem(413, "body-too-large", detail, limit_bytes=limit_bytes)


def busy() -> Problem:
    """RFC 9110 §15.6.4: others' bodies take all the memory that there is for bodies."""
    detail = "too many large bodies are being answered; try again in a second."
    return Problem(503, "busy", detail, [(b"retry-after", b"1")])
