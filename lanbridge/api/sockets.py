"""WebSockets that take a message at a time, however small it was made on the way."""

import asyncio
from collections.abc import Coroutine
from http import HTTPStatus
from typing import Any

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.extensions.permessage_deflate import ServerPerMessageDeflateFactory
from websockets.http11 import Request

from lanbridge.api.connections import Connections, Lingering, peer

MAX_MESSAGE_BYTES = 1024 * 1024  # 1009 beyond it, counted after decompression
# The attack: deflate makes a thousandth of zeros, so that one read of 256 KiB holds messages of
# 256 MiB in all. Fed in such pieces, 4 MiB is what a connection can have waiting.
_PIECE_BYTES = 4_096


class WebSocket(WebSocketsSansIOProtocol):
    """uvicorn's, which parses all that one read brought before the first message is answered."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._all: Connections = kwargs["server_state"]
        self._rest = b""
        for deflate in self.conn.available_extensions or ():
            # RFC 7692 §7.1.1.1: for the server to say. A compressor for each message, that is not
            # kept for the next one, is 34 KiB less for an idle connection.
            assert isinstance(deflate, ServerPerMessageDeflateFactory)
            deflate.server_no_context_takeover = True

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Called with the connection of the request that asked to be upgraded."""
        super().connection_made(transport)
        self.client = peer(transport)

    def handle_connect(self, event: Request) -> None:
        """RFC 6455 §4.2.2: who speaks another version is told ours, which websockets leaves out."""
        if event.headers.get_all("Sec-WebSocket-Version") == ["13"]:
            super().handle_connect(event)
            return
        self.handshake_initiated = self.handshake_complete = self.close_sent = True
        response = self.conn.reject(HTTPStatus.UPGRADE_REQUIRED, "Version 13 is spoken here.\n")
        response.headers["Connection"] = "Upgrade"  # beside `close`, as RFC 9110 §7.8 asks
        response.headers["Upgrade"] = "websocket"
        response.headers["Sec-WebSocket-Version"] = "13"
        self.conn.send_response(response)
        self.transport.write(b"".join(self.conn.data_to_send()))
        self.transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self._all.leave(self.client[0] if self.client else "")

    def handle_parser_exception(self) -> None:
        """Fail the connection, RFC 6455 §7.1.7, so that a client in the middle of a message that
        is too large hears why."""
        failure = b"".join(self.conn.data_to_send())
        # An exception, for without one uvicorn closes the transport; and it closes it when the
        # application ends, unless a timer is there to do so.
        self.connection_lost(ConnectionAbortedError())
        self.close_sent = True
        self.transport.write(failure)
        self.close_timer = Lingering(self.transport, self.loop, self._all).timer

    def start_keepalive(self) -> None:
        """Called when the handshake is done: what it was made of, 3 KiB, is of no more use."""
        del self.request, self.response
        super().start_keepalive()

    def data_received(self, data: bytes) -> None:
        if self._rest or len(data) > _PIECE_BYTES:
            self._rest += data
            self._parse()
        else:
            super().data_received(data)

    def _parse(self) -> None:
        """Go on until a message waits to be received: uvicorn then pauses reading."""
        rest, at = self._rest, 0
        while at < len(rest) and not (
            self.read_paused or self.disconnected or self.transport.is_closing()
        ):
            super().data_received(rest[at : at + _PIECE_BYTES])
            at += _PIECE_BYTES
        self._rest = rest[at:]

    def receive(self) -> Coroutine[Any, Any, Any]:
        """Whoever asks for a message has answered the one before."""
        if self._rest and not self.read_paused:
            self._parse()
        return super().receive()
