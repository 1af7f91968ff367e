"""What the registry and the census know, kept on disk: read at the start, written behind.

A power cut loses at most the last WINDOW_S; what a person wrote is on the disk before he is told so
(docs/adr/0023).
"""

import asyncio
import logging
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import replace

from lanbridge.census import Census
from lanbridge.core.backup import device_item, read_device, read_service, service_item
from lanbridge.core.device_records import DeviceRecord
from lanbridge.core.errors import InvalidInput, StateUnwritable
from lanbridge.core.events import EventKind, Moment, ServiceEvent
from lanbridge.core.registry import Registry
from lanbridge.core.services import UP, Reason, ServiceInstance, State
from lanbridge.core.text import printable
from lanbridge.store.store import Change, Store

log = logging.getLogger(__name__)

WINDOW_S = 60.0  # between two writes on a quiet network
STORM_S = 1.0  # between two writes while MANY wait
MANY = 500
BATCH = 1_000
BEAT_S = 600.0  # with nothing to write, that we are here is written: the last_seen of who was there


class Keeper:
    """clock: Unix time."""

    def __init__(
        self,
        store: Store,
        registry: Registry,
        census: Census,
        clock: Callable[[], float],
        *,
        window_s: float = WINDOW_S,
        storm_s: float = STORM_S,
    ) -> None:
        self.store = store
        self._registry = registry
        self._census = census
        self._clock = clock
        self._window_s, self._storm_s = window_s, storm_s
        self._services: dict[str, None] = {}  # to be written, and gone ones that are on the disk
        self._devices: dict[str, None] = {}
        self._kept: set[str] = set()  # ids of services on the disk
        self._news = asyncio.Event()
        self._writing = asyncio.Lock()

    def load(self, recall: Callable[[Iterable[ServiceInstance]], None]) -> None:
        """Take back what was known; `recall` is the registry's."""
        self.store.open()
        saved_s = self.store.saved_s
        services = []
        for item in self.store.items("service"):
            with suppress(InvalidInput):
                one = read_service(item)
                # Who was there at the last write was seen until then.
                if one.state in UP:
                    one = replace(one, last_seen_s=max(one.last_seen_s, saved_s))
                services.append(one)
                self._kept.add(one.id)
        recall(services)
        devices = []
        for item in self.store.items("device"):
            with suppress(InvalidInput):
                devices.append(read_device(item))
        self._census.recall(devices)
        self._census.devices.take_changed()

    def take(self, event: ServiceEvent) -> None:
        """Remember to write it: what a service is, and whether it is there."""
        if event.kind not in (EventKind.FOUND, EventKind.STALE, EventKind.RESOLVE_FAILED):
            self._services[event.service.id] = None
            self._news.set()

    def forget(self, service_id: str) -> None:
        """The registry has forgotten it. What never was on the disk need not be taken off it."""
        self._services.pop(service_id, None)
        if service_id in self._kept:
            self._services[service_id] = None
            self._news.set()

    async def run(self) -> None:
        """Write behind, for as long as it runs."""
        idle_s = 0.0
        while True:
            if not self._waiting():
                with suppress(TimeoutError):
                    async with asyncio.timeout(self._window_s):
                        await self._news.wait()
                await asyncio.sleep(self._storm_s)  # what belongs together comes together
            if not self._waiting() and idle_s < BEAT_S:
                idle_s += self._window_s
                continue
            idle_s = waited_s = 0.0
            await self.write()
            while waited_s < self._window_s and (self.store.problem or self._waiting() < MANY):
                await asyncio.sleep(self._storm_s)
                waited_s += self._storm_s

    async def write(self) -> bool:
        """Write a batch now; False if that cannot be done."""
        async with self._writing:
            self._waiting()
            services, devices = list(self._services)[:BATCH], list(self._devices)[:BATCH]
            changes = [*map(self._service, services), *map(self._device, devices)]
            for id_ in services:
                del self._services[id_]
            for id_ in devices:
                del self._devices[id_]
            if not (self._services or self._devices):
                self._news.clear()
            if await self._commit(changes):
                self._kept.update(one.id for one in changes if one.table == "service" and one.item)
                self._kept.difference_update(one.id for one in changes if not one.item)
                return True
            # Again later, the oldest first.
            self._services = dict.fromkeys((*services, *self._services))
            self._devices = dict.fromkeys((*devices, *self._devices))
            self._news.set()
            return False

    async def edit(self, id_: str, *, label: str, notes: str, merged_into: str | None) -> None:
        """What a person says of a device, on the disk when this returns.

        Raises NotFound, InvalidInput, and StateUnwritable: then it is as it was.
        """
        devices = self._census.devices
        before = devices.record(id_)
        was = before and {
            "label": before.label,
            "notes": before.notes,
            "merged_into": before.merged_into,
        }
        devices.edit(id_, label=label, notes=notes, merged_into=merged_into)
        self._devices = {id_: None, **self._devices}
        if not await self.write() and was is not None:
            devices.edit(id_, **was)  # type: ignore[arg-type]
            raise StateUnwritable("", self.store.problem or "", "free some space, and try again")

    async def restore(
        self, services: Iterable[ServiceInstance], devices: Iterable[DeviceRecord], moment: Moment
    ) -> bool:
        """Take in a backup; returns whether it is on the disk.

        What is there now stays as it is; labels, notes and history come back.
        """
        taken = [
            replace(one, state=State.OFFLINE, reason=one.reason or Reason.NO_ANSWER)
            for one in services
        ]
        self._registry.recall(taken, moment)
        self._census.restore(devices)
        for one in taken:
            self._services[one.id] = None
            if (known := self._registry.service(one.id)) is not None:
                self._census.devices.take(known, moment.unix_s)
        while self._waiting():
            if not await self.write():
                return False
        return True

    async def close(self) -> None:
        """Write what is left, for a while, and close."""
        while await self.write() and self._waiting():
            pass
        self.store.close()

    # Inside

    async def _commit(self, changes: list[Change]) -> bool:
        """In the journal once when the disk refuses, and once when it takes it again."""
        worked, moved = self.store.problem is None, self.store.moved
        done = await self.store.write(changes, self._clock())
        if self.store.moved is not moved:
            log.warning("%s", printable(self.store.moved or "", 500))
            self._write_all()
        if worked and self.store.problem is not None:
            log.warning("%s", printable(self.store.problem, 500))
        elif not worked and done:
            log.info("what is known is kept on disk again")
        return done

    def _write_all(self) -> None:
        """The file is a new one, and holds nothing of what we still know."""
        self._kept.clear()
        self._services.update((one.id, None) for one in self._registry.services())
        self._devices.update((one.id, None) for one in self._census.devices.records())
        self._news.set()

    def _waiting(self) -> int:
        self._devices.update(dict.fromkeys(self._census.devices.take_changed()))
        return len(self._services) + len(self._devices)

    def _service(self, id_: str) -> Change:
        service = self._registry.service(id_)
        return Change("service", id_, None if service is None else service_item(service))

    def _device(self, id_: str) -> Change:
        device = self._census.devices.record(id_)
        return Change("device", id_, None if device is None else device_item(device))
