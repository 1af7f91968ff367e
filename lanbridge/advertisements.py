"""What this daemon advertises: itself, the tables of its settings, and what was added while it ran.

What was added is kept in `advertisements.json` of the state directory. On disk first, then on the
network: who was told that it is advertised finds it so after a restart too.
"""

import asyncio
import json
from collections.abc import Iterable, Iterator
from enum import StrEnum
from pathlib import Path
from typing import Any, NamedTuple

from lanbridge import files
from lanbridge.config import AdvertiseSettings
from lanbridge.core.addresses import parse_address
from lanbridge.core.errors import (
    FixedBySettings,
    LimitReached,
    NameConflict,
    NotFound,
    StateUnwritable,
)
from lanbridge.core.names import HostName, InstanceName, ServiceType
from lanbridge.core.services import stable_id
from lanbridge.mdns.advertise import Advertisement
from lanbridge.mdns.publish import Publisher
from lanbridge.mdns.published import Published

MAX_ADDED = 64  # each is probed for, announced and answered for on every link
_VERSION = 1


class Source(StrEnum):
    """Who wants it advertised."""

    OWN = "own"
    SETTINGS = "settings"
    ADDED = "added"


class Entry(NamedTuple):
    """id: made from the name that is wanted, so that it stays when the name has to give way."""

    id: str
    source: Source
    published: Published


class Advertisements:
    """All of them, in the order in which they came."""

    def __init__(self, publisher: Publisher, state_dir: Path, own_host: HostName) -> None:
        self._publisher = publisher
        self._path = state_dir / "advertisements.json"
        self._own_host = own_host
        self._entries: dict[str, Entry] = {}
        self._added: dict[str, AdvertiseSettings] = {}
        self._writing = asyncio.Lock()
        self._unreadable: str | None = None
        self._unwritable: str | None = None

    def start(self, own: Advertisement, tables: Iterable[AdvertiseSettings]) -> None:
        """Advertise all of them. Raises NameConflict for two tables of one name."""
        self._advertise(own, Source.OWN)
        for table in tables:
            self._advertise(self._advertisement(table), Source.SETTINGS)
        for table in self._load():
            ad = self._advertisement(table)
            # Where the settings have the name by now, they count.
            if stable_id(ad.name.fqdn) not in self._entries and self.added < MAX_ADDED:
                self._added[self._advertise(ad, Source.ADDED).id] = table

    def __iter__(self) -> Iterator[Entry]:
        return iter(self._entries.values())

    @property
    def added(self) -> int:
        return len(self._added)

    @property
    def problem(self) -> str | None:
        """Why what is added cannot be kept now, or was not all kept; None if it is."""
        return self._unwritable or self._unreadable

    def get(self, id: str) -> Entry:
        """Raises NotFound."""
        if entry := self._entries.get(id):
            return entry
        rule = "no advertisement has this id"
        raise NotFound(id, rule, "list them at /api/v1/advertisements")

    async def add(self, table: AdvertiseSettings) -> Entry:
        """Advertise it from now on. Raises NameConflict, LimitReached, StateUnwritable."""
        ad = self._advertisement(table)
        id_ = stable_id(ad.name.fqdn)
        async with self._writing:
            if id_ in self._entries:
                remedy = "choose another name, or take that one away first"
                raise NameConflict(ad.name.fqdn, "it is advertised already", remedy)
            if self.added >= MAX_ADDED:
                rule = "so many were added already"
                raise LimitReached(str(MAX_ADDED), rule, "remove one, or use the settings file")
            await self._keep({**self._added, id_: table})
            return self._advertise(ad, Source.ADDED)

    async def remove(self, id: str) -> Entry:
        """Say goodbye for it. Raises NotFound, FixedBySettings, StateUnwritable."""
        async with self._writing:
            entry = self.get(id)
            if entry.source is Source.OWN:
                rule = "it is how this daemon is found, and goes when the daemon stops"
                raise FixedBySettings(entry.published.ad.name.fqdn, rule)
            if entry.source is Source.SETTINGS:
                rule, remedy = "it is in the settings", "remove its table there and restart"
                raise FixedBySettings(entry.published.ad.name.fqdn, rule, remedy)
            await self._keep({key: one for key, one in self._added.items() if key != id})
            del self._entries[id]
            self._publisher.withdraw(entry.published)
            return entry

    def _advertise(self, ad: Advertisement, source: Source) -> Entry:
        published = self._publisher.advertise(ad)
        entry = Entry(stable_id(ad.name.fqdn), source, published)
        self._entries[entry.id] = entry
        return entry

    def _advertisement(self, table: AdvertiseSettings) -> Advertisement:
        return Advertisement(
            name=InstanceName.parse(table.name, ServiceType.parse(table.type)),
            host=HostName.parse(table.host) if table.host else self._own_host,
            port=table.port,
            txt=table.txt_pairs,
            subtypes=table.subtypes,
            addresses=tuple(map(parse_address, table.addresses)) or None,
        )

    # On disk

    async def _keep(self, added: dict[str, AdvertiseSettings]) -> None:
        """In a thread: an SD card may take a second, in which mDNS has to be answered."""
        try:
            await asyncio.to_thread(files.replace, self._path, _document(added.values()))
        except OSError as error:
            rule = f"it cannot be written ({error.strerror}), so nothing was changed"
            problem = StateUnwritable(str(self._path), rule, "free the disk, or its rights")
            self._unwritable = str(problem)
            raise problem from error
        self._unwritable = None
        self._added = added

    def _load(self) -> list[AdvertiseSettings]:
        """What was kept; a file that is damaged is moved aside, and what is whole of it counts."""
        try:
            items = json.loads(self._path.read_bytes())
            if items["version"] != _VERSION:
                raise ValueError(f"it has version {items['version']!r}, and not {_VERSION}")
            items = list(items["items"])
        except (FileNotFoundError, NotADirectoryError):
            return []
        except (OSError, ValueError, TypeError, LookupError, RecursionError) as error:
            self._move_aside(error, [])
            return []
        whole: list[AdvertiseSettings] = []
        fault: ValueError | None = None
        for item in items:
            try:
                whole.append(AdvertiseSettings.model_validate(item))
            except ValueError as error:
                fault = error
        if fault:
            self._move_aside(fault, whole)
        return whole

    def _move_aside(self, why: Exception, whole: list[AdvertiseSettings]) -> None:
        aside = self._path.with_suffix(".damaged")
        reason = " ".join(str(why).split())
        try:
            self._path.replace(aside)
            if whole:
                files.replace(self._path, _document(whole))
        except OSError as error:
            where = f"stays there ({error.strerror})"
        else:
            where = f"is now {aside}; {len(whole)} advertisements of it are whole"
        self._unreadable = f"{self._path} was damaged ({reason}) and {where}."


def _document(tables: Iterable[AdvertiseSettings]) -> bytes:
    items: list[dict[str, Any]] = [one.model_dump(exclude_defaults=True) for one in tables]
    return json.dumps({"version": _VERSION, "items": items}, indent=1).encode() + b"\n"
