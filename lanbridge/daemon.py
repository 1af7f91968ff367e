"""The daemon: every room joined, started in order and stopped in reverse.

Start: discovery (interfaces, mDNS sockets, browsing), advertising, UDP echo, HTTP.
Stop: HTTP and its streams, UDP echo, goodbyes, sockets.
"""

import asyncio
import contextlib
import logging
import secrets
import signal
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

from lanbridge import __version__
from lanbridge.advertisements import Advertisements
from lanbridge.census import Census
from lanbridge.checkup import Doctor
from lanbridge.claim import claimed
from lanbridge.config import Settings
from lanbridge.core.alarms import AlarmChanged
from lanbridge.core.errors import LanbridgeError
from lanbridge.core.events import (
    AdvertisementFailed,
    AdvertisementRenamed,
    Event,
    NetworkChanged,
    ServiceEvent,
)
from lanbridge.core.names import InstanceName, ServiceType, fold
from lanbridge.core.text import printable
from lanbridge.core.views import event_json
from lanbridge.discovery import Discovery
from lanbridge.echo.guard import Guard
from lanbridge.echo.udp import UdpEcho
from lanbridge.hub import Hub
from lanbridge.identity import instance_id, own_host
from lanbridge.keeper import Keeper
from lanbridge.kept_names import KeptNames
from lanbridge.lag import LoopLag
from lanbridge.lookers import Lookers
from lanbridge.mdns.advertise import Advertisement
from lanbridge.probing import PeriodicProbe, Prober
from lanbridge.store.store import Store
from lanbridge.token import WriteToken
from lanbridge.webhooks.webhook import Webhook

log = logging.getLogger(__name__)

OWN_TYPE = ServiceType("lanbridge", "tcp")
SCAN_INTERVAL_S = 1.0  # RFC 6762 §5.2: no question more than once a second
DAY_S = 86_400.0


class Daemon:
    """`serve_http(daemon)` runs the HTTP server and ends when `stopping` is set.

    http_refused: what that server refused, by code or reason.
    """

    def __init__(
        self, settings: Settings, serve_http: Callable[["Daemon"], Awaitable[None]]
    ) -> None:
        self.settings = settings
        self._serve_http = serve_http
        self.http_refused: Counter[str] = Counter()
        self.id = instance_id(settings.state_dir)
        self.token = WriteToken(settings.state_dir)
        self.host = own_host(self.id)
        self.name = InstanceName.parse(settings.name or self.host.label, OWN_TYPE)
        self.started_s = time.time()
        self._started_mono_s = time.monotonic()
        self.hub = Hub(secrets.token_hex(4))
        self.discovery = Discovery(
            [ServiceType.parse(one).browse_name for one in settings.types] or None,
            self._tell,
            include=settings.interfaces_include,
            exclude=settings.interfaces_exclude,
            grace_s=settings.grace_s,
            kept_s=settings.services_kept_days * DAY_S,
            forget=self._forget,
        )
        self.advertisements = Advertisements(
            self.discovery.publisher, settings.state_dir, self.host
        )
        self.doctor = Doctor(settings)
        self.census = Census(
            self.discovery.registry,
            self._heard_names,
            self._tell,
            self.discovery.moment,
            settings.devices_kept_days * DAY_S,
            lambda: (found for one in self.probes for found in one.unanswered()),
        )
        self.kept_names = KeptNames(settings.state_dir, self.discovery.publisher.memory)
        self.keeper = Keeper(
            Store(settings.state_dir / "registry.sqlite"),
            self.discovery.registry,
            self.census,
            time.time,
        )
        self.guard = Guard(lambda: self.discovery.state)
        self.udp: UdpEcho | None = None  # None: it is switched off
        self.webhooks = [Webhook(one, time.monotonic, time.time) for one in settings.webhooks]
        self.prober = Prober(
            self.discovery.registry,
            lambda: self.discovery.state,
            self.discovery.verify,
            lambda: datetime.now(UTC),
        )
        self.probes = [PeriodicProbe(one, self.prober) for one in settings.probes]
        self.lag = LoopLag()
        self.stopping = asyncio.Event()
        self._scanned_s = 0.0
        self.lookers = Lookers(self.discovery.look)

    # Life

    async def run(self) -> None:
        """Run until SIGTERM or SIGINT.

        Raises StateInUse, PortUnavailable, and what a room raises.
        """
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self.stop)
        try:
            async with contextlib.AsyncExitStack() as stack:
                stack.enter_context(claimed(self.settings.state_dir, self.settings.port))
                self.keeper.load(self.discovery.recall)
                await stack.enter_async_context(self.discovery.running())
                stack.push_async_callback(self.keeper.close)
                for sentence in (self.keeper.store.moved, self.keeper.store.problem):
                    if sentence is not None:
                        log.warning("%s", printable(sentence, 500))
                if problem := self.token.problem():
                    log.warning("%s", problem)
                self.kept_names.read()
                self._advertise()
                if self.settings.udp_echo:
                    self.udp = UdpEcho(self.guard, self.settings.port, host=self.settings.host)
                    self.udp.start()
                    stack.callback(self.udp.close)
                self._say_network()
                async with asyncio.TaskGroup() as tasks:
                    endless = [
                        tasks.create_task(
                            self.discovery.watch(self.settings.network_poll_s), name="watch network"
                        ),
                        tasks.create_task(self.lag.run(), name="measure lag"),
                        tasks.create_task(self.census.watch(), name="look at devices"),
                        tasks.create_task(self.kept_names.run(), name="keep names"),
                        tasks.create_task(self.keeper.run(), name="write behind"),
                        *(tasks.create_task(one.run(), name="webhook") for one in self.webhooks),
                        *(tasks.create_task(one.run(), name="probes") for one in self.probes),
                    ]
                    tasks.create_task(self._serve(), name="serve http")
                    await self.stopping.wait()
                    self.lookers.close()
                    self.hub.close()  # open streams would keep the server waiting for ever
                    for task in endless:
                        task.cancel()
        except* LanbridgeError as group:
            # One cause is one sentence; the group is only the way it came.
            raise _first(group) from None
        finally:
            for number in (signal.SIGTERM, signal.SIGINT):
                loop.remove_signal_handler(number)

    def stop(self) -> None:
        self.stopping.set()

    async def _serve(self) -> None:
        await self._serve_http(self)

    def say_listening(self) -> None:
        """The HTTP server has its port: tell where."""
        if urls := self._urls():
            log.info("listening on %s", ", ".join(urls))

    # State

    def waiting_for(self) -> list[str]:
        """One sentence for each thing that is not ready; empty when all is."""
        waiting = [str(problem)] if (problem := self.discovery.problem) else []
        for published in self.discovery.publisher.published.values():
            if published.failed:
                waiting.append(f"{published.ad.name.display} found no free name to advertise under")
        return waiting

    def uptime_s(self) -> float:
        return time.monotonic() - self._started_mono_s  # a Pi has no clock until NTP gives it one

    def scan(self) -> bool:
        """Ask the network again now; False when that was done a moment ago."""
        now_s = asyncio.get_running_loop().time()
        if now_s - self._scanned_s < SCAN_INTERVAL_S:
            return False
        self._scanned_s = now_s
        self.discovery.scan()
        return True

    # Inside

    def _advertise(self) -> None:
        own = Advertisement(
            name=self.name,
            host=self.host,
            port=self.settings.port,
            txt=(("version", __version__.encode()), ("id", self.id.encode()), ("path", b"/")),
            reverse=True,
        )
        self.advertisements.start(own, self.settings.advertise)
        if problem := self.advertisements.problem:
            log.warning("%s", printable(problem))

    def _forget(self, service_id: str) -> None:
        self.census.devices.forget(service_id, time.time())
        self.keeper.forget(service_id)

    def _tell(self, event: Event) -> None:
        if isinstance(event, ServiceEvent):
            self.census.take(event)
            self.keeper.take(event)
        id_, _ = self.hub.publish(event)
        if hooks := [one for one in self.webhooks if one.wants(event)]:
            body = event_json(id_, event, self.discovery.state).encode()
            for hook in hooks:
                hook.offer(id_, body)
        match event:
            case ServiceEvent(kind, service):
                log.debug("%s name=%s type=%s", kind, service.name, service.type)
            case NetworkChanged(reasons):
                self._say_change("; ".join(map(printable, reasons)))
            case AdvertisementRenamed(old, new):
                log.warning("the name %s is taken on this network, now advertised as %s", old, new)
            case AlarmChanged(_, raised):
                level = logging.WARNING if raised else logging.INFO
                log.log(level, "%s", printable(event.sentence, 500))
            case AdvertisementFailed(name):
                log.error("every name like %s is taken on this network: choose another", name)

    def _heard_names(self) -> list[str]:
        """What we advertise, and so should hear."""
        if not self.discovery.engine.links:
            return []
        # A type is written in any case, and may have a subtype: then that alone is asked for.
        browsed = {fold(ServiceType.parse(one).browse_name) for one in self.settings.types}
        return [
            one.ad.name.fqdn
            for one in self.discovery.publisher.published.values()
            if one.established.is_set()
            and (not browsed or not browsed.isdisjoint(map(fold, one.ad.browse_names)))
        ]

    def _say_network(self) -> None:
        if links := self._links():
            log.info("discovering and advertising on %s", links)
        else:
            log.warning("waiting: %s", self.discovery.problem)

    def _say_change(self, reasons: str) -> None:
        """One line for each change that has settled: networks change for years."""
        if links := self._links():
            log.info("network changed: %s; now on %s", reasons, links)
        else:
            log.warning("network changed: %s; waiting: %s", reasons, self.discovery.problem)

    def _links(self) -> str:
        return ", ".join(
            f"{link.name} ({', '.join(str(one.ip) for one in link.interface.addresses)})"
            for link in self.discovery.engine.links.values()
        )

    def _urls(self) -> list[str]:
        """Where a browser on the LAN finds us; a link-local address is of no use to it."""
        host, port = self.settings.host, self.settings.port
        addresses = (
            [host]
            if host
            else [
                str(one.ip)
                for link in self.discovery.engine.links.values()
                for one in link.interface.addresses
                if not one.ip.is_link_local
            ]
        )
        return [
            f"http://[{one}]:{port}/" if ":" in one else f"http://{one}:{port}/"
            for one in addresses
        ]


def _first(group: BaseExceptionGroup[LanbridgeError]) -> BaseException:
    error: BaseException = group
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error
