"""WebSockets that take a message at a time, however small it was made on the way."""

import asyncio
from http import HTTPStatus
from typing import Any

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.extensions.permessage_deflate import ServerPerMessageDeflateFactory
from websockets.frames import Frame
from websockets.http11 import Request

from lanbridge.api.connections import Connections, Lingering, peer

MAX_MESSAGE_BYTES = 1024 * 1024  # 1009 beyond it, both as it comes and decompressed
# The attack: deflate makes a thousandth of zeros, so that one read of 256 KiB holds messages of
# 256 MiB in all. Fed in such pieces, 4 MiB is what a connection can have waiting.
_PIECE_BYTES = 4_096
_SMALL_BYTES = 16 * 1024  # what every connection may have waiting, whatever the others have
_TRY_AGAIN_LATER = 1013  # IANA's registry of close codes
_Base = WebSocketsSansIOProtocol  # by name where a message passes: super() there costs one in fifty
_BUSY = "too many large messages are being answered; try again in a second"


class WebSocket(WebSocketsSansIOProtocol):
    """uvicorn's, which parses all that one read brought before the first message is answered."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._all: Connections = kwargs["server_state"]
        # uvicorn's read_paused: here it is the parser that rests, and the transport goes on until
        # something comes that has to wait.
        self._rest = bytearray()  # what waits for the parser
        self._turn: asyncio.Handle | None = None  # of the loop, in which it goes on
        self._joined = bytearray()  # the fragments of a message, but for the first
        self._waiting_bytes = 0  # of messages that are whole, until their answers are read
        self._latest_bytes = 0  # of the message that came last
        self._taken_bytes = 0  # of what all connections have together
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
        self._rest.clear()
        self._give_back()
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
        """uvicorn stops the transport at each message, and starts it again: two calls of the
        system. A client that waits for its answer sends nothing that would have to be stopped.
        """
        if self._rest or self.read_paused:
            self._rest += data
            self._stop_reading()
        elif len(data) > _PIECE_BYTES:
            self._rest += data
            self._stop_reading()
            self._parse()
        else:
            _Base.data_received(self, data)
        if self._rest or self.conn.reader.buffer or self.frames:
            self._count()

    def _parse(self) -> None:
        """A piece in each turn of the loop, for others want theirs, until a message waits.

        The attack: messages, or pings, of a byte each, without end.
        """
        self._turn = None
        if self.read_paused or self.disconnected or self.transport.is_closing():
            return
        piece = bytes(self._rest[:_PIECE_BYTES])
        del self._rest[:_PIECE_BYTES]
        _Base.data_received(self, piece)
        self._go_on()
        self._count()

    def _go_on(self) -> None:
        """With what waits for the parser, or with reading, unless a message waits already."""
        if self.read_paused or self.disconnected or self.transport.is_closing():
            return
        if self._rest:
            self._turn = self._turn or self.loop.call_soon(self._parse)
        elif not self.transport.is_reading():
            self.transport.resume_reading()

    def handle_ping(self) -> None:
        """Unless the connection has failed, in the middle of what one read brought."""
        if not self.disconnected:
            super().handle_ping()

    def handle_cont(self, event: Frame) -> None:
        """The attack: a million fragments of a byte each, which as objects are fifty times that."""
        self._joined += event.data
        if event.fin:
            self.frames = [b"".join((*self.frames, self._joined))]
            self._joined.clear()
            self.send_receive_event_to_app()

    def send_receive_event_to_app(self) -> None:
        if self.disconnected or self.close_sent:  # in the middle of what one read brought
            self.frames = []
            return
        self._latest_bytes = len(self.frames[0])
        self._waiting_bytes += self._latest_bytes
        self.read_paused = True  # so that uvicorn does not stop the transport
        _Base.send_receive_event_to_app(self)
        if self._waiting_bytes > _SMALL_BYTES:
            self._count()

    def _count(self) -> None:
        """Take of the memory for messages what is waiting here, if it is more than small."""
        held = (self._rest, self.conn.reader.buffer, self._joined, *self.frames)
        held_bytes = self._waiting_bytes + sum(map(len, held))
        if held_bytes <= _SMALL_BYTES:
            self._give_back()
            return
        while not self.disconnected and not self._all.messages.take(held_bytes - self._taken_bytes):
            oldest = next(iter(self._all.holding), self)
            assert isinstance(oldest, WebSocket)
            oldest.give_way()
        if not self.disconnected:
            self._taken_bytes = held_bytes
            self._all.holding.setdefault(self)

    def give_way(self) -> None:
        """Others need the memory."""
        self._all.refused["busy"] += 1
        self.conn.fail(_TRY_AGAIN_LATER, _BUSY)
        self.handle_parser_exception()

    def _give_back(self) -> None:
        self._all.messages.give(self._taken_bytes)
        self._all.holding.pop(self, None)
        self._taken_bytes = 0

    def pause_writing(self) -> None:
        """Who does not read is not read from. The attack: pings, whose pongs are never read."""
        super().pause_writing()
        self.read_paused = True
        self._stop_reading()

    def _stop_reading(self) -> None:
        if self.transport.is_reading():  # one that is closing does not
            self.transport.pause_reading()

    def resume_writing(self) -> None:
        super().resume_writing()
        self._wake()

    def _wake(self) -> None:
        """All messages are with the application, which may be given more."""
        if self.read_paused and self.queue.empty() and self.writable.is_set():
            self.read_paused = False
            self._go_on()

    async def receive(self) -> Any:
        """Whoever asks for a message has answered the one before, and the answer must be read."""
        if not self.writable.is_set():
            await self.writable.wait()
        if self._waiting_bytes and self.queue.empty():
            self._waiting_bytes = 0
            if self._taken_bytes:
                self._count()
        message = await self.queue.get()
        if self.queue.empty():
            self._waiting_bytes = self._latest_bytes
            self._wake()
        return message

    def on_task_complete(self, task: asyncio.Task[None]) -> None:
        """The application has closed it, perhaps, and the client's close may be waiting too."""
        super().on_task_complete(task)
        self._go_on()

    def shutdown(self) -> None:
        """One whose close is under way ends by itself."""
        if not self.transport.is_closing():
            super().shutdown()
