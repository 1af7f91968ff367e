"""HTTP/1.1 by httptools, where it is installed: what it leaves to who uses it."""

from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from lanbridge.api.connections import MAX_HEAD_BYTES, Bounded, Unreadable

# Requests read ahead of the one that is answered. The attack: 250 KiB of them in one read, each of
# which takes a hundred times its bytes. RFC 9112 §9.3.2: a client that sends ahead must be ready to
# send again what was not answered; none that phones have sends ahead at all.
MAX_AHEAD = 16


class Httptools(Bounded, HttpToolsProtocol):  # type: ignore[misc]  # its server_state
    """h11 does by itself what is done here."""

    idle_bytes = 0  # that have come since the last head or piece of a body
    fruitful = False  # whether the latest read brought a piece of a body
    answering: Any = None  # the cycle of the oldest request, behind which others wait

    def has_ahead(self) -> bool:
        return bool(self.pipeline)

    def _start_asgi_task(self, cycle: Any, app: Any) -> None:
        self.answering = cycle
        self.answers.begin()
        cycle.transport = self.answers
        super()._start_asgi_task(cycle, app)

    def connection_lost(self, exc: Exception | None) -> None:
        """uvicorn tells the latest cycle alone, and an event stream before it would go on."""
        if self.answering:
            self.answering.disconnected = True
            self.answering.message_event.set()
        self.pipeline.clear()
        super().connection_lost(exc)

    def check_rest(self, size_bytes: int) -> None:
        """The attack: chunks with an extension, or a trailer, that has no end; or a second head
        while the first request is being answered. All of it would be kept."""
        self.idle_bytes = 0 if self.fruitful else self.idle_bytes + size_bytes
        self.fruitful = False
        lives = self.parser and not self.transport.is_closing()  # type: ignore[truthy-bool]
        if lives and self.idle_bytes > MAX_HEAD_BYTES:
            self.spoil(431)
        else:
            super().check_rest(size_bytes)

    def on_headers_complete(self) -> None:
        """RFC 9112 §3.2: "MUST respond with a 400" to HTTP/1.1 without a Host, or with two."""
        hosts = 0
        for name, _ in self.headers:
            if name == b"host":
                hosts += 1
        if hosts != 1 and (hosts or self.parser.get_http_version() == "1.1"):
            raise Unreadable(400, f"a request has one Host header, this one {hosts}")
        if len(self.pipeline) >= MAX_AHEAD:
            why = f"more than {MAX_AHEAD} requests came ahead of their answers; send the rest again"
            raise Unreadable(503, why)
        self.idle_bytes, cycle = 0, self.cycle
        super().on_headers_complete()
        if self.cycle is not cycle:
            # RFC 9110 §6.5.1: a trailer must not be merged into the headers, which the cycle has.
            self.headers = []

    def spoil(self, status: int, why: str = "") -> None:
        """Where it is in the body of a request that was sent ahead, that one is not answered."""
        if self.pipeline and self.cycle.more_body:
            self.pipeline.popleft()
            self.cycle = self.pipeline[0][0] if self.pipeline else self.answering
        super().spoil(status, why)

    def on_body(self, body: bytes) -> None:
        self.fruitful = True
        super().on_body(body)

    def on_message_complete(self) -> None:
        super().on_message_complete()
        self.body_ended()

    def on_response_complete(self) -> None:
        """As uvicorn's, but for its timer, a new one at each answer: `sweep` ends who waits."""
        self.server_state.total_requests += 1
        if self.transport.is_closing():
            return
        if self.pipeline:
            self._start_asgi_task(*self.pipeline.pop())
        self.answered()
