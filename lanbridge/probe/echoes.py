"""Which probe an echoed message belongs to: for transports that carry messages, UDP and WebSocket.

A payload is the sequence number in four bytes, then bytes that are random for each run, so that
no answer to another run is taken for one of ours.
"""

import asyncio
import secrets
from collections.abc import Awaitable, Callable

from lanbridge.probe.results import Extra, ExtraKind, Outcome, Reply, milliseconds

DEFAULT_SIZE_BYTES = 64
MIN_SIZE_BYTES = 4
MAX_SIZE_BYTES = 4095  # wx.createUDPSocket receives less than 4096, and so does lanbridge's echo

# Probes of which late and second answers are still known; one is as many as fly at once, and more.
REMEMBERED = 4_096


class Payloads:
    """The payload of each probe of a run, `size_bytes` long."""

    def __init__(self, size_bytes: int) -> None:
        self._filler = secrets.token_bytes(size_bytes - MIN_SIZE_BYTES)

    def __getitem__(self, sequence: int) -> bytes:
        return sequence.to_bytes(MIN_SIZE_BYTES, "big") + self._filler


class _Sent:
    __slots__ = ("answered", "at_s", "reply")

    def __init__(self, at_s: float, reply: "asyncio.Future[Reply]") -> None:
        self.at_s = at_s
        self.reply = reply  # done too when the probe was given up
        self.answered = False


class Echoes:
    """clock: steady seconds; extra: gets what settles no probe."""

    def __init__(
        self, size_bytes: int, clock: Callable[[], float], extra: Callable[[Extra], None]
    ) -> None:
        self._payloads = Payloads(size_bytes)
        self._clock = clock
        self._extra = extra
        self._sent: dict[int, _Sent] = {}

    async def exchange(self, sequence: int, send: Callable[[bytes], Awaitable[None]]) -> Reply:
        """Send one probe and wait for its answer, or until cancelled."""
        reply: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()
        self._sent[sequence] = _Sent(self._clock(), reply)
        if len(self._sent) > REMEMBERED:
            del self._sent[next(iter(self._sent))]
        try:
            await send(self._payloads[sequence])
            return await reply
        finally:
            reply.cancel()

    def deliver(self, message: bytes | str) -> None:
        """Take what came back. Probes are binary, so text is no answer to any."""
        now_s = self._clock()
        sequence = _sequence(message)
        sent = self._sent.get(sequence)
        if sent is None:
            self._tell(ExtraKind.STRAY, None, None, len(message))
        elif sent.reply.done():
            kind = ExtraKind.DUPLICATE if sent.answered else ExtraKind.LATE
            self._tell(kind, sequence, now_s - sent.at_s, len(message))
            sent.answered = True
        else:
            sent.answered = True
            right = message == self._payloads[sequence]
            sent.reply.set_result(
                Reply(
                    Outcome.OK if right else Outcome.BAD_REPLY,
                    now_s - sent.at_s,
                    received_bytes=len(message),
                    detail="" if right else "what came back is not what was sent",
                )
            )

    def fail(self, reply: Reply, head: bytes = b"") -> None:
        """Settle the probe whose payload begins with `head`, or else the oldest that waits."""
        waiting = (one for one in self._sent.values() if not one.reply.done())
        sent = self._sent.get(_sequence(head)) or next(waiting, None)
        if sent and not sent.reply.done():
            sent.reply.set_result(reply)

    def fail_all(self, reply: Reply) -> None:
        """Settle every probe that waits: the connection is gone."""
        for sent in self._sent.values():
            if not sent.reply.done():
                sent.reply.set_result(reply)

    def _tell(
        self, kind: ExtraKind, sequence: int | None, rtt_s: float | None, size_bytes: int
    ) -> None:
        extra = Extra(
            outcome=kind,
            sequence=sequence,
            rtt_ms=milliseconds(rtt_s),
            received_bytes=size_bytes,
        )
        # Later, as the task wakes that waits for an answer: it is told first, its duplicate second.
        asyncio.get_running_loop().call_soon(self._extra, extra)


def _sequence(message: bytes | str) -> int:
    """The number it begins with, or -1, which no probe has."""
    if isinstance(message, str) or len(message) < MIN_SIZE_BYTES:
        return -1
    return int.from_bytes(message[:MIN_SIZE_BYTES], "big")
