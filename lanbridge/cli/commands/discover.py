"""Browse and resolve what is on the network now."""

import asyncio
import contextlib
import socket
import sys
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import click

from lanbridge.cli.cells import addresses, pairs, port
from lanbridge.cli.changes import CHANGES
from lanbridge.cli.output import Column, Row, can_draw, format_option, hint, writing
from lanbridge.core.errors import InvalidInput, NetworkUnavailable
from lanbridge.core.events import Event, EventKind, ServiceEvent
from lanbridge.core.names import ServiceType
from lanbridge.core.services import ServiceInstance
from lanbridge.discovery import Discovery
from lanbridge.wechat.lan import Phone, phone_from

if TYPE_CHECKING:
    from lanbridge.core.views import ServiceView

# An answer to the second query takes up to 120 ms (RFC 6762 §6), what was missing of it is asked
# for and answered again, and a loaded Wi-Fi adds the rest.
QUIET_S = 0.7
POLL_S = 2.0

# We depart from RFC 6762 §5.2, which has the first query wait for 20 to 120 ms, lest "some common
# external trigger event" make many hosts ask together: a person who types a command is none.
AT_ONCE = (0.0, 0.0)
_WITH_ADDRESS = (EventKind.RESOLVED, EventKind.UPDATED, EventKind.STALE)

COLUMNS = (
    Column("name", "NAME", 28),
    Column("type", "TYPE", 16),
    Column("host", "HOST", 24),
    Column("", "PORT", 5, port),
    Column("addresses", "ADDRESSES", 42, addresses),
    Column("reachable", "REACHABLE", 9),
    Column("reason", "REASON", 0),
    Column("txt", "TXT", 0, pairs),
)


@click.command(help=__doc__)
@click.argument("types", metavar="[TYPE]...", nargs=-1)
@click.option("--watch", is_flag=True, help="Go on until ^C, with a line for each change.")
@click.option("--count", type=click.IntRange(min=1), metavar="N", help="End at the Nth service.")
@click.option(
    "--timeout",
    type=click.FloatRange(min=0, min_open=True),
    metavar="SECONDS",
    help="End after this time, whatever happens.",
)
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
def command(types: tuple[str, ...], format: str, **options: Any) -> int:
    """Run until the network is quiet, or as long as was asked for; 1 if nothing was found."""
    ipv4, ipv6 = options.pop("ipv4"), options.pop("ipv6")
    if ipv4 and ipv6:
        fault = "--ipv4 and --ipv6 exclude each other; without either, both are used"
        raise click.UsageError(fault)
    names = [ServiceType.parse(type_).browse_name for type_ in types] or None
    wanted = Wanted(names=names, version=4 if ipv4 else 6 if ipv6 else None, **options)
    return asyncio.run(_Search(wanted).run(format))


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What was asked for. names: browse names, None is every type; version: of IP, None is both."""

    names: list[str] | None
    version: int | None
    interfaces: tuple[str, ...]
    viewer: str | None
    watch: bool
    count: int | None
    timeout: float | None
    include_self: bool


class _Search:
    def __init__(self, wanted: Wanted) -> None:
        self._wanted = wanted
        self._viewer: Phone | None = None
        self._seen: set[str] = set()
        self._own = False  # something of this host was left out
        self._enough = asyncio.Event()
        self._broken: OSError | None = None  # stdout: its reader went away
        families = {None: None, 4: (socket.AF_INET,), 6: (socket.AF_INET6,)}[wanted.version]
        self._discovery = Discovery(
            wanted.names,
            self._tell,
            include=wanted.interfaces,
            families=families,
            first_delay_s=AT_ONCE,
        )

    async def run(self, format: str) -> int:
        """The exit status: 1 if nothing was found."""
        wanted = self._wanted
        # Where a row can be drawn over, it follows what is learned later.
        self._updates = format == "json" or (format == "table" and can_draw(sys.stdout))
        async with self._discovery.running():
            self._check_interfaces()
            await asyncio.sleep(0)  # the question goes out; what its answers need is loaded now
            from lanbridge.core import views

            self._views = views
            if wanted.viewer is not None:
                self._viewer = phone_from(wanted.viewer, self._discovery.state)
            columns = CHANGES if wanted.watch else COLUMNS
            with writing(format, columns, history=wanted.watch) as self._write:
                await self._until_enough()
                if not wanted.watch:
                    for service in self._discovery.registry.services():
                        self._show(service)  # found, but never resolved
            if self._broken is not None:
                raise self._broken
        if not self._seen:
            hint(
                "nothing but what runs on this host, which --include-self shows"
                if self._own
                else "nothing was found; 'lanbridge doctor' says what stops discovery on this host"
            )
        return 0 if self._seen else 1

    async def _until_enough(self) -> None:
        watch = self._wanted.watch
        end = self._discovery.watch(POLL_S) if watch else self._discovery.quiet(QUIET_S)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._wanted.timeout), asyncio.TaskGroup() as tasks:
                ending = tasks.create_task(end, name="wait for the end")
                ending.add_done_callback(lambda _: self._enough.set())
                await self._enough.wait()
                ending.cancel()

    def _check_interfaces(self) -> None:
        known = {one.name: one for one in self._discovery.state.interfaces}
        for name in self._wanted.interfaces:
            if name not in known:
                names = ", ".join(known)
                raise InvalidInput(name, "this host has no such interface", f"it has {names}")
            if not known[name].used:
                raise NetworkUnavailable(name, known[name].why)
        if problem := self._discovery.problem:
            raise problem

    def _tell(self, event: Event) -> None:
        if self._wanted.watch:
            self._show_event(event)
        elif isinstance(event, ServiceEvent) and event.kind in _WITH_ADDRESS:
            self._show(event.service)

    def _show(self, service: ServiceInstance) -> None:
        known = service.id in self._seen
        if not self._updates if known else self._is_enough():
            return
        view = self._views.service_view(self._narrow(service), self._discovery.state, self._viewer)
        if self._is_hidden(view) or (service.addresses and not view.addresses):
            return
        self._seen.add(service.id)
        self._emit(self._views.as_json(view))

    def _show_event(self, event: Event) -> None:
        view = self._views.event_view(event, self._discovery.state, self._viewer)
        if view.service is not None:
            if self._is_hidden(view.service):
                return
            if view.event == EventKind.RESOLVED:
                self._seen.add(view.service.id)
        self._emit(
            {key: value for key, value in self._views.as_json(view).items() if value is not None}
        )

    def _is_hidden(self, view: "ServiceView") -> bool:
        """Whether it is of this host, and was not asked for."""
        hidden = view.own and not self._wanted.include_self
        self._own = self._own or hidden
        return hidden

    def _emit(self, row: Row) -> None:
        """Write from within the event loop, which would swallow what is raised."""
        try:
            self._write(row)
        except OSError as error:
            self._broken = self._broken or error
        if self._broken or self._is_enough():
            self._enough.set()

    def _narrow(self, service: ServiceInstance) -> ServiceInstance:
        """Only the addresses of the IP version that was asked for."""
        version = self._wanted.version
        kept = tuple(one for one in service.addresses if version in (None, one.address.version))
        return replace(service, addresses=kept)

    def _is_enough(self) -> bool:
        return self._wanted.count is not None and len(self._seen) >= self._wanted.count
