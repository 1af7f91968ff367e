"""What one TCP connection may take: room for its head, time to send, a place among the others.

uvicorn bounds little of it: who connects and says nothing stays for ever, under httptools a head
has no end, and a body may come a byte an hour. What is too much is answered 408, 431 or 503.
"""

import asyncio
import contextlib
import json
import logging
import socket
import sys
from abc import abstractmethod
from collections import Counter
from collections.abc import Callable
from http import HTTPStatus
from typing import Any, cast

from uvicorn.protocols.http.flow_control import FlowControl
from uvicorn.server import ServerState

from lanbridge.api.answers import Answers
from lanbridge.echo.bodies import Memory

MAX_CONNECTIONS = 2_048
MAX_OF_ONE_CLIENT = 256  # so that one host cannot take all the places, however busy it looks
MAX_HEAD_BYTES = 65_536  # but what comes in one read, up to 256 KiB, is parsed as it is
HEAD_S = 10.0  # for a head, from the connection or the answer before it
BODY_S = 20.0  # for a body, and a second more for each MIN_BODY_BYTES that have come
MIN_BODY_BYTES = 1_024
MAX_DISCARDED_BYTES = 16 * 1024 * 1024  # of a body that was answered before its end
LINGER_S = 2.0
# Of the WebSocket messages of all together that are not whole yet, or whose answers are not read.
# The attack: a thousand sockets with a mebibyte each. Who has held its part longest gives way.
MAX_MESSAGES_BYTES = 16 * 1024 * 1024

_LOOPBACK = ("127.0.0.1", "::1")
_CODES = {400: "bad-request", 408: "too-slow", 431: "head-too-large", 503: "crowded"}


def peer(transport: asyncio.BaseTransport) -> tuple[str, int] | None:
    """Address and port of the other end. uvicorn leaves out the scope of a link-local address, and
    without it fe80::1 is a neighbour on any link, or on none."""
    name = transport.get_extra_info("peername")
    if not isinstance(name, tuple):
        return None
    host, port, *rest = name
    if len(rest) == 2 and rest[1] and "%" not in host:
        with contextlib.suppress(OSError):  # the interface went this moment
            host = f"{host}%{socket.if_indextoname(rest[1])}"
    return host, port


_DETAILS = {
    400: "it cannot be read; plain HTTP/1.1 is spoken here, no TLS, with one Host header; lines "
    "end in CR LF, and a path is percent-encoded",
    408: f"nothing whole came in time; a head has {HEAD_S:g} s, a body {BODY_S:g} s and one more "
    f"for each {MIN_BODY_BYTES} bytes",
    431: f"the head has more than {MAX_HEAD_BYTES} bytes; send less in its headers",
    503: f"a client may have {MAX_OF_ONE_CLIENT} connections, and all together {MAX_CONNECTIONS}; "
    "close some and try again",
}


class Unreadable(ValueError):
    """For a parser's callback to raise."""

    def __init__(self, status: int, why: str) -> None:
        super().__init__(why)
        self.status = status


class Flow(FlowControl):
    """uvicorn's flow control, which reads no further while a pipelined request waits.

    The attack: behind an answer that asks again and again whether its client is still there, and
    so would read on each time, a body without end.
    """

    def __init__(self, transport: asyncio.Transport, may_read: Callable[[], bool]) -> None:
        super().__init__(transport)
        self.may_read = may_read

    def resume_reading(self) -> None:
        if self.may_read():
            super().resume_reading()


class Connections(ServerState):
    """All connections of one server. refused: how many were cut off, by code."""

    def __init__(self, refused: Counter[str]) -> None:
        super().__init__()
        self.refused = refused
        self.of_client: Counter[str] = Counter()
        self.messages = Memory(MAX_MESSAGES_BYTES)
        self.holding: dict[object, None] = {}  # who has taken of it, the longest holding first
        self.stirred = asyncio.Event()  # somebody came, or it is time to sweep
        # Those whose next head is not complete, the longest waiting first.
        self.waiting: dict[Bounded, None] = {}

    def admit(self, new: "Bounded") -> None:
        """The attack: connect a thousand times and say nothing. The newcomer has the place then."""
        self.waiting[new] = None
        self.of_client[new.address] += 1
        if len(self.connections) == 1:  # the first after a while in which nobody swept
            self.stirred.set()
        # What comes from this host may be a proxy with everybody behind it.
        if self.of_client[new.address] > MAX_OF_ONE_CLIENT and new.address not in _LOOPBACK:
            self.refused[_CODES[503]] += 1
            new.transport.write(_answer(503))
            new.transport.close()  # at once: to linger would be a place
        elif len(self.connections) > MAX_CONNECTIONS:
            next(iter(self.waiting)).refuse(503)

    def leave(self, address: str) -> None:
        """A connection from there has ended."""
        self.of_client[address] -= 1
        if self.of_client[address] <= 0:
            del self.of_client[address]

    def sweep(self, now_s: float) -> None:
        """End those that have taken too long; call it every second. now_s: of the loop's clock."""
        while self.waiting and (first := next(iter(self.waiting))).since_s + HEAD_S < now_s:
            first.expire()
        for connection in list(self.connections):
            if isinstance(connection, Bounded):
                connection.check_body(now_s)


class Bounded(asyncio.Protocol):
    """Goes before a protocol of uvicorn, whose `cycle` is the latest request with its answer."""

    answers: Answers
    client: tuple[str, int] | None
    cycle: Any
    flow: Any
    loop: asyncio.AbstractEventLoop
    server_state: Connections
    transport: asyncio.Transport

    since_s = 0.0  # when it began to wait for what it waits for now, a head or a body
    received_bytes = 0  # of that
    spoiled: tuple[int, str] | None = None  # the refusal of what follows, as for `refuse`

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self.client = peer(transport)
        self.since_s = self.loop.time()
        self.flow = Flow(self.transport, self.may_read)
        self.answers = Answers(self.transport, self.loop)
        self.server_state.admit(self)

    @abstractmethod
    def has_ahead(self) -> bool:
        """Whether a request has come behind the one that is answered."""

    def may_read(self) -> bool:
        """Whether what comes next can be used."""
        return self.spoiled is None and not self.has_ahead()

    @property
    def address(self) -> str:
        """The client's, as text."""
        return self.client[0] if self.client else ""

    def connection_lost(self, exc: Exception | None) -> None:
        self.server_state.waiting.pop(self, None)
        self.server_state.leave(self.address)
        super().connection_lost(exc)
        # Else they and we would keep each other in memory.
        self.flow.may_read = bool
        self.answers.end()

    def data_received(self, data: bytes) -> None:
        """Parse it; a new cycle is a head that is complete."""
        cycle = self.cycle
        self.received_bytes += len(data)
        super().data_received(data)
        if self.cycle is not cycle:
            self.server_state.waiting.pop(self, None)
            self.since_s, self.received_bytes = self.loop.time(), len(data)
        elif self.transport.get_protocol() is self:  # and not a WebSocket's by now
            self.check_rest(len(data))

    def check_rest(self, _size_bytes: int) -> None:
        """Called with what has come, and has completed no head."""
        if self.received_bytes > MAX_HEAD_BYTES and self in self.server_state.waiting:
            self.refuse(431)
        elif self.received_bytes > MAX_DISCARDED_BYTES and _answered(self.cycle):
            self.transport.abort()

    def answered(self) -> None:
        """Wait for the next head, unless the body of this one is still to be thrown away."""
        self.answers.flush()  # a head alone, which is what HEAD gets
        self.flow.resume_reading()
        self.since_s = self.loop.time()
        if self.cycle.response_complete:
            if self.spoiled is not None:
                refusal, self.spoiled = self.spoiled, None
                self.refuse(*refusal)
                return
            self.received_bytes = 0
            if not self.cycle.more_body:
                self.server_state.waiting[self] = None

    def body_ended(self) -> None:
        """Also of one that was answered before its end, and thrown away since."""
        cycle = self.cycle
        if cycle and cycle.response_complete and cycle.more_body:
            cycle.more_body = False
            self.answered()

    def handle_websocket_upgrade(self, *event: object) -> None:
        self.server_state.waiting.pop(self, None)
        if self.cycle and not self.cycle.response_complete:  # httptools: it was sent ahead
            # Else that answer would be written between the frames.
            self.spoil(400, "an upgrade is asked for when all else is answered")
        else:
            if self.flow.read_paused:  # h11: it was sent ahead
                self.transport.resume_reading()
            super().handle_websocket_upgrade(*event)  # type: ignore[misc]  # uvicorn's

    def send_400_response(self, _message: str) -> None:
        """Called where a parser gives up; h11 then says what the status should be."""
        fault = sys.exception()
        if fault and isinstance(cause := fault.__context__, Unreadable):
            self.spoil(cause.status, str(cause))
        else:
            self.spoil(getattr(fault, "error_status_hint", 400))

    def spoil(self, status: int, why: str = "") -> None:
        """Refuse what came now, and all that follows, behind the answer to what came before."""
        cycle = self.cycle
        if self.spoiled is not None:
            return
        if cycle and not cycle.response_complete and not cycle.more_body:
            self.spoiled = status, why
            self.flow.pause_reading()
        else:
            self.refuse(status, why)

    def check_body(self, now_s: float) -> None:
        """Refuse it if its body comes too slowly; but not while it is us who do not read."""
        cycle = self.cycle
        if self in self.server_state.waiting or not (cycle and cycle.more_body):
            return
        allowed_s = BODY_S + self.received_bytes / MIN_BODY_BYTES
        if self.since_s + allowed_s < now_s and not self.flow.read_paused:
            self.refuse(408)

    def expire(self) -> None:
        """Its next head has not come in time."""
        if self.cycle and not self.received_bytes:  # served, and needed no more
            self.server_state.waiting.pop(self, None)
            self.transport.close()
        else:
            self.refuse(408)

    def refuse(self, status: int, why: str = "") -> None:
        """Say why, where that can still be said, and end the connection."""
        transport, cycle = self.transport, self.cycle
        self.answers.flush()
        if cycle:
            cycle.waiting_for_100_continue = False  # its application may not have heard yet
        self.server_state.refused[_CODES.get(status, _CODES[400])] += 1
        # Also behind an answer, in the rest of its body: who reads on waits for the next one's. And
        # where requests were read ahead, for then another one than the latest is being answered.
        answering = self.has_ahead() or (cycle and cycle.response_started and not _ended(cycle))
        silent = status == 408 and not self.received_bytes
        if answering or silent or transport.is_closing():
            self.server_state.waiting.pop(self, None)
            transport.abort()
            return
        # An exception, for without one uvicorn closes the transport.
        self.connection_lost(ConnectionAbortedError(status))
        transport.write(_answer(status, why))
        Lingering(transport, self.loop, self.server_state)


class Lingering(asyncio.Protocol):
    """Reads on and throws away: closed with bytes unread, TCP resets, and the answer is lost."""

    def __init__(
        self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop, state: ServerState
    ) -> None:
        self._connections = cast(
            "set[object]", state.connections
        )  # it wants no more than shutdown()
        self._connections.add(self)
        self.shutdown = transport.abort  # as uvicorn asks of all connections
        self.timer = loop.call_later(LINGER_S, transport.abort)
        transport.set_protocol(self)
        transport.write_eof()
        transport.resume_reading()

    def connection_lost(self, exc: Exception | None) -> None:
        self.timer.cancel()
        self._connections.discard(self)


def _answered(cycle: Any) -> bool:
    return bool(cycle and cycle.response_complete)


def _ended(cycle: Any) -> bool:
    """Whether both the request and its answer are complete."""
    return _answered(cycle) and not cycle.more_body


def _answer(status: int, why: str = "") -> bytes:
    """A response with a problem document, as bytes: no request is there to answer."""
    phrase, code = HTTPStatus(status).phrase, _CODES.get(status, "bad-request")
    detail = why or _DETAILS.get(status, phrase)
    title = code.replace("-", " ").capitalize()  # as the API has it
    document = {"type": f"/errors/{code}", "title": title, "status": status, "detail": detail}
    body = json.dumps(document | {"code": code}).encode()
    return (
        f"HTTP/1.1 {status} {phrase}\r\ncontent-type: application/problem+json\r\n"
        f"content-length: {len(body)}\r\nconnection: close\r\n\r\n"
    ).encode() + body


_THEIR_FAULTS = (
    "Invalid HTTP request received.",
    "Invalid UTF-8 sequence received from client.",
    "Unsupported upgrade request.",
    "ASGI callable returned without completing handshake.",  # a WebSocket that was refused
    "ASGI callable returned without completing response.",  # /echo/raw of a body without end
)


def is_ours(record: logging.LogRecord) -> bool:
    """A filter for uvicorn's log: anybody could fill the journal with these."""
    return record.msg not in _THEIR_FAULTS
