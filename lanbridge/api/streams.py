"""What one reader of the events is told, whether it reads over SSE or WebSocket."""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from dataclasses import dataclass
from typing import Annotated, Any, NamedTuple

from fastapi import Depends, Query

from lanbridge.api.context import TheDaemon, TheHost, TheViewer, made
from lanbridge.api.filters import TheFilter
from lanbridge.core.addresses import Viewer
from lanbridge.core.errors import InvalidInput
from lanbridge.core.events import NAMES, Event, ServiceEvent, name_of
from lanbridge.core.json_text import json_safe
from lanbridge.core.views import as_json, event_json, service_view
from lanbridge.daemon import Daemon
from lanbridge.hub import Published

HEARTBEAT_S = 15.0  # a sign of life, so that proxies and readers know that the stream is alive
SNAPSHOT_ITEMS = 100  # of one message: what is encoded without letting others go on
MAX_ENCODED = 1_024  # readers at 200 addresses make 200 of one event


class Told(NamedTuple):
    """One message. `id` None: a reader that comes back goes on from an earlier one."""

    id: str | None
    name: str
    json: str


class Encoder:
    """Each event as JSON, made once for all readers who see the same of it."""

    def __init__(self, daemon: Daemon) -> None:
        self._daemon = daemon
        self._made: dict[tuple[str, Viewer | None], Told] = {}

    def told(self, id_: str, event: Event, viewer: Viewer | None) -> Told:
        """The event for a reader at `viewer`."""
        told = self._made.get((id_, viewer))
        if told is None:
            if len(self._made) >= MAX_ENCODED:
                del self._made[next(iter(self._made))]
            text = event_json(id_, event, self._daemon.discovery.state, viewer)
            told = self._made[id_, viewer] = Told(id_, name_of(event), text)
        return told


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a reader asks for, over either way."""

    daemon: TheDaemon
    viewer: TheViewer
    host: TheHost
    services: TheFilter
    event: Annotated[
        list[str] | None,
        Query(description="Only events of this name, `service.lost`; may be given again."),
    ] = None
    snapshot: Annotated[
        bool,
        Query(description="Begin with all services, in events `snapshot`, as after a `resync`."),
    ] = False
    last_event_id: Annotated[
        str | None, Query(description="Go on after this event, as the header says it over SSE.")
    ] = None


TheWanted = Annotated[Wanted, Depends(made(Wanted))]


class Stream:
    """Subscribed from the beginning; `close` it at the end. Raises what is wrong with `wanted`."""

    def __init__(self, wanted: Wanted, encoder: Encoder, last_id: str | None) -> None:
        for name in wanted.event or ():
            if name not in NAMES:
                raise InvalidInput(name, "there is no such event", f"there are {', '.join(NAMES)}")
        self._daemon, self._viewer, self._encoder = wanted.daemon, wanted.viewer, encoder
        self._names = frozenset(wanted.event or NAMES)
        self._test = wanted.services.test(wanted.daemon)
        self._snapshot = wanted.snapshot
        self._begins = wanted.snapshot and not last_id
        self._subscription = wanted.daemon.hub.subscribe(last_id, wanted.host)
        self.gone = self._subscription.close

    def close(self) -> None:
        self._daemon.hub.unsubscribe(self._subscription)

    @property
    def last_id(self) -> str:
        """Of the last event that this reader has passed, told or not."""
        return self._subscription.last_id

    async def messages(self) -> AsyncIterator[list[Told]]:
        """All that is to be told at a time; an empty list where a sign of life is due."""
        subscription = self._subscription
        if self._begins:
            async for told in self._whole():
                yield [told]
        now_s = asyncio.get_running_loop().time
        due_s = now_s() + HEARTBEAT_S  # what is left out is no sign of life
        while not subscription.closed:
            first = await subscription.next(max(due_s - now_s(), 0.0))
            batch = [] if first is None else [first, *subscription.rest()]
            if any(event is None for _, event in batch) and self._snapshot:
                async for told in self._whole():
                    yield [told]
            else:
                wanted = [one for each in batch if (one := self._tell(each))]
                if not wanted and now_s() < due_s:
                    continue
                yield wanted
            due_s = now_s() + HEARTBEAT_S

    def _tell(self, published: Published) -> Told | None:
        id_, event = published
        if event is None:
            return _resync(id_)
        if name_of(event) not in self._names:
            return None
        if self._test is not None and not (
            isinstance(event, ServiceEvent) and self._test(event.service)
        ):
            return None
        return self._encoder.told(id_, event, self._viewer)

    async def _whole(self) -> AsyncIterator[Told]:
        """`resync`, then all services of this moment. Only the last message has the number.

        What was queued is older than that, and a reader that breaks off half-way begins anew.
        """
        self._subscription.rest()
        id_ = self._subscription.last_id = self._daemon.hub.last_id
        registry = self._daemon.discovery.registry
        services = list(filter(self._test, registry.services()))
        yield _resync(None)
        for at in range(0, len(services) or 1, SNAPSHOT_ITEMS):
            views = [
                service_view(one, self._daemon.discovery.state, self._viewer)
                for one in services[at : at + SNAPSHOT_ITEMS]
            ]
            more = at + SNAPSHOT_ITEMS < len(services)
            yield _message(
                None if more else id_, "snapshot", items=list(map(as_json, views)), more=more
            )
            await asyncio.sleep(0)  # to write is not to wait, and others are waiting


def _resync(id_: str | None) -> Told:
    return _message(id_, "resync")


def _message(id_: str | None, name: str, **held: Any) -> Told:
    return Told(id_, name, json_safe({"id": id_, "event": name, **held}))


async def until_gone(writing: Coroutine[Any, Any, None], gone: Coroutine[Any, Any, None]) -> None:
    """Write to the end, or until the reader is gone."""
    async with asyncio.TaskGroup() as tasks:
        write = tasks.create_task(writing, name="write events")
        leave = tasks.create_task(gone, name="wait until the reader is gone")
        write.add_done_callback(lambda _: leave.cancel())
        leave.add_done_callback(lambda _: write.cancel())
