"""HTTP/1.1 by h11, where there is no httptools: what httptools does by itself."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from lanbridge.api.connections import MAX_HEAD_BYTES, Bounded


class H11(Bounded, H11Protocol):  # type: ignore[misc]  # its server_state
    """Its parser is stricter than uvicorn's own use of it."""

    conn: "_Connection"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.conn = _Connection(self.body_ended)

    def has_ahead(self) -> bool:
        return self.conn.their_state is h11.DONE and bool(self.conn.trailing_data[0])

    def data_received(self, data: bytes) -> None:
        cycle = self.cycle
        super().data_received(data)
        self._begin_behind(cycle)

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self.conn.body_ended = lambda: None  # as with the others that hold methods of ours

    def on_response_complete(self) -> None:
        cycle = self.cycle
        super().on_response_complete()
        self._begin_behind(cycle)
        if self.transport.get_protocol() is self and not self.transport.is_closing():
            self.answered()  # and not a WebSocket's, sent ahead, by now

    def _begin_behind(self, before: Any) -> None:
        if self.cycle is not before:
            self.answers.begin()
            self.cycle.transport = self.answers


class _Connection(h11.Connection):
    def __init__(self, body_ended: Callable[[], None]) -> None:
        super().__init__(h11.SERVER, MAX_HEAD_BYTES)
        self.body_ended = body_ended

    def next_event(self) -> Any:
        event = super().next_event()
        if isinstance(event, h11.Request):
            return _checked(event)
        if isinstance(event, h11.EndOfMessage):
            self.body_ended()
        return event


def _checked(request: h11.Request) -> h11.Request:
    """Raises RemoteProtocolError."""
    if {name for name, _ in request.headers} >= {b"content-length", b"transfer-encoding"}:
        # RFC 9112 §6.1: it "might indicate an attempt to perform request smuggling".
        raise h11.RemoteProtocolError("two lengths")
    if request.target.startswith(b"/") or request.method in (b"CONNECT", b"OPTIONS"):
        return request
    # RFC 9112 §3.2.2: "a server MUST accept the absolute-form in requests".
    try:
        url = urlsplit(request.target)
    except ValueError:  # of an address in brackets that is none
        raise h11.RemoteProtocolError("no request target") from None
    target = (url.path or b"/") + (b"?" + url.query if url.query else b"")
    return h11.Request(
        method=request.method,
        headers=request.headers,
        target=target,
        http_version=request.http_version,
    )
