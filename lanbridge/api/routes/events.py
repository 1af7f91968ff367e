"""Events as they happen, over Server-Sent Events."""

from collections.abc import AsyncIterator
from functools import partial
from typing import Annotated

from fastapi import APIRouter, Header
from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from lanbridge.api.context import TheDaemon, TheViewer
from lanbridge.api.problems import documented
from lanbridge.core.addresses import Viewer
from lanbridge.core.json_text import json_safe
from lanbridge.core.views import as_json, event_view
from lanbridge.daemon import Daemon
from lanbridge.hub import Published, Subscription

router = APIRouter(prefix="/api/v1", tags=["events"])

HEARTBEAT_S = 15.0  # a comment, so that proxies and readers know the stream is alive


@router.get(
    "/events",
    name="follow",
    response_class=StreamingResponse,
    responses={
        200: {"content": {"text/event-stream": {}}, "description": "A stream of events"},
        503: documented("Too many readers"),
    },
)
async def follow(
    daemon: TheDaemon,
    viewer: TheViewer,
    last_event_id: Annotated[
        str | None, Header(description="Go on after this event; the browser sends it.")
    ] = None,
) -> StreamingResponse:
    """Everything that changes from now on.

    Read the list after subscribing, so that nothing falls between the two. An event named
    `resync` means that some were missed: read the list again.
    """
    # Subscribed before the answer begins: whoever has the headers has not missed anything.
    return _EventStream(daemon, daemon.hub.subscribe(last_event_id), viewer)


class _EventStream(StreamingResponse):
    """Unsubscribes when it ends, also where the client left before the first line."""

    def __init__(self, daemon: Daemon, subscription: Subscription, viewer: Viewer | None) -> None:
        super().__init__(
            _lines(daemon, subscription, viewer),
            media_type="text/event-stream",
            headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
        )
        self._end = partial(daemon.hub.unsubscribe, subscription)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._end()


async def _lines(
    daemon: Daemon, subscription: Subscription, viewer: Viewer | None
) -> AsyncIterator[str]:
    yield ": lanbridge\n\n"
    while not daemon.stopping.is_set():
        published = await subscription.next(HEARTBEAT_S)
        if published is not None:
            yield _message(published, daemon, viewer)
        elif not daemon.stopping.is_set():
            yield ": alive\n\n"


def _message(published: Published, daemon: Daemon, viewer: Viewer | None) -> str:
    if published.event is None:
        return f"id: {published.id}\nevent: resync\ndata: {{}}\n\n"
    view = event_view(published.event, daemon.discovery.state, viewer)
    data = {key: value for key, value in as_json(view).items() if value is not None}
    return f"id: {published.id}\nevent: {view.event}\ndata: {json_safe(data)}\n\n"
