"""Events as they happen, over Server-Sent Events and over WebSocket."""

from contextlib import suppress
from typing import Annotated

from fastapi import APIRouter, Header, Request, WebSocket, WebSocketDisconnect
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from lanbridge.api.context import LOOKING
from lanbridge.api.problems import documented
from lanbridge.api.streams import Stream, TheWanted, Told, until_gone
from lanbridge.core.json_text import json_safe

router = APIRouter(prefix="/api/v1", tags=["events"])

GOING_AWAY = 1001  # RFC 6455 §7.4.1: "such as a server going down"


@router.get(
    "/events",
    name="follow",
    response_class=StreamingResponse,
    dependencies=LOOKING,
    responses={
        200: {"content": {"text/event-stream": {}}, "description": "A stream of events"},
        503: documented("Too many readers"),
    },
)
async def follow(
    request: Request,
    wanted: TheWanted,
    last_event_id: Annotated[
        str | None, Header(description="Go on after this event; the browser sends it.")
    ] = None,
) -> Response:
    """Everything that changes from now on.

    Nothing falls between the state and its changes with `snapshot=true`, or to who reads the list
    after the stream has begun. An event named `resync` means that some were missed: read the list
    again; with `snapshot=true` it follows by itself.
    """
    # Subscribed before the answer begins: whoever has the headers has not missed anything.
    encoder = request.app.state.encoder
    return _EventStream(Stream(wanted, encoder, last_event_id or wanted.last_event_id))


class _EventStream(Response):
    """Unsubscribes when it ends, also where the client left before the first line."""

    media_type = "text/event-stream"

    def __init__(self, stream: Stream) -> None:
        super().__init__(headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"})
        del self.headers["Content-Length"]
        self._stream = stream

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await until_gone(self._write(send), self._gone(receive))
        finally:
            self._stream.close()

    async def _write(self, send: Send) -> None:
        head = {"type": "http.response.start", "status": 200, "headers": self.raw_headers}
        await send(head)
        await _body(send, ": lanbridge\n\n")
        async for batch in self._stream.messages():
            # An id alone is no event, but the browser keeps it: events that were filtered out
            # need no replay.
            alive = f": alive\nid: {self._stream.last_id}\n\n"
            await _body(send, "".join(map(_block, batch)) or alive)
        await send({"type": "http.response.body", "body": b""})

    @staticmethod
    async def _gone(receive: Receive) -> None:
        while (await receive())["type"] != "http.disconnect":
            pass


async def _body(send: Send, text: str) -> None:
    await send({"type": "http.response.body", "body": text.encode(), "more_body": True})


def _block(told: Told) -> str:
    id_ = "" if told.id is None else f"id: {told.id}\n"
    return f"{id_}event: {told.name}\ndata: {told.json}\n\n"


@router.websocket("/stream", dependencies=LOOKING)
async def stream(websocket: WebSocket, wanted: TheWanted) -> None:
    """The same over WebSocket, a JSON object a message, for clients without SSE; one way only.

    When it is quiet, `{"id": ..., "event": "alive"}` says how far this reader is.
    """
    following = Stream(wanted, websocket.app.state.encoder, wanted.last_event_id)
    try:
        await websocket.accept()
        await until_gone(_send(websocket, following), _leave(websocket))
    finally:
        following.close()


async def _send(websocket: WebSocket, following: Stream) -> None:
    with suppress(WebSocketDisconnect):
        async for batch in following.messages():
            for told in batch:
                await websocket.send_text(told.json)
            if not batch:
                alive = {"id": following.last_id, "event": "alive"}
                await websocket.send_text(json_safe(alive))
        await websocket.close(GOING_AWAY)


async def _leave(websocket: WebSocket) -> None:
    while (await websocket.receive())["type"] != "websocket.disconnect":
        pass  # nothing that a reader says is asked for
