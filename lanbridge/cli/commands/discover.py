"""Browse and resolve what is on the network now."""

import asyncio
import contextlib
import socket
import sys
from collections.abc import Callable
from dataclasses import asdict, replace
from typing import Any

import click

from lanbridge.cli.listing import addresses, pairs
from lanbridge.cli.output import Column, Row, format_option, writing
from lanbridge.core.addresses import Viewer, viewer_from
from lanbridge.core.errors import InvalidInput, NetworkUnavailable
from lanbridge.core.events import Event, EventKind, ServiceEvent
from lanbridge.core.names import ServiceType
from lanbridge.core.services import ServiceInstance
from lanbridge.core.views import EventView, event_view, service_view
from lanbridge.discovery import Discovery

# An answer to the second query takes up to 120 ms (RFC 6762 §6), what was missing of it is asked
# for and answered again, and a loaded Wi-Fi adds the rest.
QUIET_S = 0.7
POLL_S = 2.0

COLUMNS = (
    Column("name", "NAME", 28),
    Column("type", "TYPE", 16),
    Column("host", "HOST", 24),
    Column("port", "PORT", 5),
    Column("addresses", "ADDRESSES", 42, addresses),
    Column("reachable", "REACHABLE", 9),
    Column("reason", "REASON", 0),
    Column("txt", "TXT", 0, pairs),
)


def _service(key: str, text: Callable[[Any], str]) -> Callable[[Any], str]:
    return lambda service: text(service[key]) if service else ""


WATCH_COLUMNS = (
    Column("at", "TIME", 24),
    Column("event", "EVENT", 18),
    Column("service", "NAME", 28, _service("name", str)),
    Column("service", "TYPE", 16, _service("type", str)),
    Column("service", "ADDRESSES", 15, _service("addresses", addresses)),
    Column("service", "PORT", 5, _service("port", str)),
    Column("changed", "CHANGED", 0),
)


@click.command(help=__doc__)
@click.argument("types", metavar="[TYPE]...", nargs=-1)
@click.option("--watch", is_flag=True, help="Go on until ^C, with a line for each change.")
@click.option("--count", type=click.IntRange(min=1), metavar="N", help="End at the Nth service.")
@click.option(
    "--timeout", type=click.FloatRange(min=0, min_open=True), metavar="SECONDS",
    help="End after this time, whatever happens.",
)  # fmt: skip
@click.option(
    "--interface", "interfaces", metavar="NAME", multiple=True, help="Only on this interface."
)
@click.option("--include-self", is_flag=True, help="Also what runs on this host.")
@click.option("--ipv4", is_flag=True, help="Only over IPv4.")
@click.option("--ipv6", is_flag=True, help="Only over IPv6.")
@click.option(
    "--from", "viewer", metavar="IP[/PREFIX]", help="Say what a phone at this address can reach."
)
@format_option
def command(
    types: tuple[str, ...],
    watch: bool,
    count: int | None,
    timeout: float | None,
    interfaces: tuple[str, ...],
    include_self: bool,
    ipv4: bool,
    ipv6: bool,
    viewer: str | None,
    format: str,
) -> int:
    """Run until the network is quiet, or as long as was asked for; 1 if nothing was found."""
    if ipv4 and ipv6:
        raise click.UsageError(
            "--ipv4 and --ipv6 exclude each other; without either, both are used"
        )
    names = [ServiceType.parse(type_).browse_name for type_ in types] or None
    version = 4 if ipv4 else 6 if ipv6 else None
    search = _Search(names, interfaces, version, viewer, count, include_self)
    return asyncio.run(search.run(format, watch=watch, timeout_s=timeout))


class _Search:
    def __init__(
        self,
        names: list[str] | None,
        interfaces: tuple[str, ...],
        version: int | None,
        viewer: str | None,
        count: int | None,
        include_self: bool,
    ) -> None:
        self._names = names
        self._interfaces = interfaces
        self._version = version
        self._from = viewer
        self._viewer: Viewer | None = None
        self._count = count
        self._include_self = include_self
        self.seen: set[str] = set()

    async def run(self, format: str, *, watch: bool, timeout_s: float | None) -> int:
        """The exit status: 1 if nothing was found."""
        self._watch = watch
        # Where a row can be drawn over, it follows what is learned later.
        self._updates = format == "json" or (format == "table" and sys.stdout.isatty())
        self._enough = asyncio.Event()
        self._broken: OSError | None = None  # stdout: its reader went away
        families = {None: None, 4: (socket.AF_INET,), 6: (socket.AF_INET6,)}[self._version]
        self._discovery = Discovery(
            self._names, self._tell, include=self._interfaces, families=families
        )
        async with self._discovery.running():
            self._check_interfaces()
            if self._from is not None:
                self._viewer = viewer_from(self._from, self._discovery.state)
            columns = WATCH_COLUMNS if watch else COLUMNS
            with writing(format, columns, history=watch) as self._write:
                await self._until_enough(timeout_s)
                if not watch and not self._is_enough():
                    for service in self._discovery.registry.services():
                        self._show(service)  # found, but never resolved
            if self._broken is not None:
                raise self._broken
        return 0 if self.seen else 1

    async def _until_enough(self, timeout_s: float | None) -> None:
        end = self._discovery.watch(POLL_S) if self._watch else self._discovery.quiet(QUIET_S)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(timeout_s), asyncio.TaskGroup() as tasks:
                ending = tasks.create_task(end, name="wait for the end")
                ending.add_done_callback(lambda _: self._enough.set())
                await self._enough.wait()
                ending.cancel()

    def _check_interfaces(self) -> None:
        known = {one.name: one for one in self._discovery.state.interfaces}
        for name in self._interfaces:
            if name not in known:
                names = ", ".join(known)
                raise InvalidInput(name, "this host has no such interface", f"it has {names}")
            if not known[name].used:
                raise NetworkUnavailable(name, known[name].why)
        if problem := self._discovery.problem:
            raise problem

    def _tell(self, event: Event) -> None:
        if self._watch:
            self._show_event(event)
        elif isinstance(event, ServiceEvent) and event.kind in (
            EventKind.RESOLVED,
            EventKind.UPDATED,
        ):
            self._show(event.service, again=self._updates)

    def _show(self, service: ServiceInstance, again: bool = False) -> None:
        known = service.id in self.seen
        if (known and not again) or (self._is_enough() and not known):
            return
        view = service_view(self._narrow(service), self._discovery.state, self._viewer)
        if view.own and not self._include_self:
            return
        if self._version and service.addresses and not view.addresses:
            return
        self.seen.add(service.id)
        self._emit(asdict(view))

    def _show_event(self, event: Event) -> None:
        view: EventView = event_view(event, self._discovery.state, self._viewer)
        if view.service is not None:
            if view.service.own and not self._include_self:
                return
            if event.kind is EventKind.RESOLVED:  # type: ignore[union-attr]
                self.seen.add(view.service.id)
        self._emit({key: value for key, value in asdict(view).items() if value is not None})

    def _emit(self, row: Row) -> None:
        """Write from within the event loop, which would swallow what is raised."""
        try:
            self._write(row)
        except OSError as error:
            self._broken = self._broken or error
            self._enough.set()
        if self._is_enough():
            self._enough.set()

    def _narrow(self, service: ServiceInstance) -> ServiceInstance:
        if self._version is None:
            return service
        kept = tuple(one for one in service.addresses if one.address.version == self._version)
        return replace(service, addresses=kept)

    def _is_enough(self) -> bool:
        return self._count is not None and len(self.seen) >= self._count
