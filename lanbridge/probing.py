"""Known services, pinged by the daemon: when somebody asks, and again and again by the settings.

Nothing is connected to that a caller made up, or a stranger: only an address that the service was
heard with, on the link in whose subnet it is now (docs/adr/0031).
"""

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime

from lanbridge.config import ProbeSettings
from lanbridge.core.addresses import AddressVerdict, NetworkState, classify
from lanbridge.core.errors import LimitReached, Unreachable
from lanbridge.core.registry import Registry
from lanbridge.core.services import UP, HeardAddress, ServiceInstance
from lanbridge.core.text import printable
from lanbridge.core.views import service_view
from lanbridge.probe import session
from lanbridge.probe.known import of_service
from lanbridge.probe.results import Outcome, ProbeResult, ProbeSummary, Tally

log = logging.getLogger(__name__)

AT_ONCE = 8  # services that are pinged at a time, because somebody asks, and by the settings
MAX_COUNT = 10
INTERVAL_S = 0.2
TIMEOUT_S = 2.0  # of each probe; a run takes 20 s at most
ROUND_COUNT = 2  # one packet may be lost
# Of one table. The attack: names that are made up, at ports of a machine that is to be scanned.
MAX_PROBED = 64
SILENT_ROUNDS = 2  # by then who does not answer mDNS is offline

# Nobody was there to say anything. Of all other outcomes but NOT_SENT somebody is the source.
_SILENCE = frozenset((Outcome.TIMEOUT, Outcome.REFUSED, Outcome.UNREACHABLE))


@dataclass(frozen=True, slots=True, kw_only=True)
class Pinged:
    """What became of a run of probes of one service. verifying: None where somebody answered or not
    all were sent, else whether the network is asked for it now; False: that was under way.
    """

    via: str
    url: str
    results: tuple[ProbeResult, ...]
    summary: ProbeSummary
    verifying: bool | None

    @property
    def answered(self) -> bool:
        """Whether there was a word from it, or from who stands before it."""
        return any(one.outcome not in (*_SILENCE, Outcome.NOT_SENT) for one in self.results)

    @property
    def why(self) -> str:
        """What was wrong with the last one."""
        return self.results[-1].detail or self.results[-1].outcome


class Prober:
    """state: this host's interfaces; verify: asks the network for the service of an id; now: UTC.

    outcomes counts what became of all probes.
    """

    def __init__(
        self,
        registry: Registry,
        state: Callable[[], NetworkState],
        verify: Callable[[str], bool],
        now: Callable[[], datetime],
    ) -> None:
        self.registry = registry
        self.outcomes: Counter[Outcome] = Counter()
        self.slots = asyncio.Semaphore(AT_ONCE)  # of the settings
        self._state = state
        self._verify = verify
        self._now = now
        self._asked = 0

    async def ask(self, service: ServiceInstance, via: str | None, count: int) -> Pinged:
        """Somebody wants to know. Raises LimitReached and Unreachable."""
        if self._asked >= AT_ONCE:
            rule = "so many services are being pinged already"
            raise LimitReached(str(AT_ONCE), rule, "ask again in a few seconds")
        self._asked += 1
        try:
            return await self.ping(service, via, count)
        finally:
            self._asked -= 1

    async def ping(self, service: ServiceInstance, via: str | None, count: int) -> Pinged:
        """Ping a known service, and verify that it is there if all is silence."""
        via, target = of_service(service_view(service, self._state()), via, self._near(service))
        probe = session.load(via)(target, None, time.perf_counter)
        tally, results = Tally(), list[ProbeResult]()

        def tell(event: session.Event) -> None:
            tally.add(event)
            if isinstance(event, ProbeResult):
                results.append(event)
                self.outcomes[event.outcome] += 1

        schedule = session.Schedule(count=count, interval_s=INTERVAL_S, timeout_s=TIMEOUT_S)
        await session.run(via, probe, target, schedule, self._now, tell)
        silent = all(one.outcome in _SILENCE for one in results)
        return Pinged(
            via=via,
            url=probe.url,
            results=tuple(results),
            summary=tally.summary(),
            verifying=self._verify(service.id) if silent else None,
        )

    def _near(self, service: ServiceInstance) -> str:
        """Its address on a link of ours, IPv4 before IPv6.

        One that was heard on another link would have us carry a stranger from there to here.
        """
        state = self._state()
        judged = [(one, classify(one.address, state, one.interface)) for one in service.addresses]
        near = [verdict for one, verdict in judged if verdict.ok and _is_home(one, verdict)]
        if not near or not 1 <= service.port <= 65_535:
            why = dict.fromkeys(_why_not(one, verdict) for one, verdict in judged)
            if near:
                why = {f"port {service.port} is no port that one can connect to": None}
            raise Unreachable(service.fqdn, "; ".join(why) or "no address of it is known")
        return str(min((one.address for one in near), key=lambda one: one.version))


def _is_home(heard: HeardAddress, verdict: AddressVerdict) -> bool:
    return verdict.interface == heard.interface


def _why_not(heard: HeardAddress, verdict: AddressVerdict) -> str:
    if verdict.ok:
        return f"{verdict.reason}, but it was heard on {printable(heard.interface)}"
    return verdict.reason


class PeriodicProbe:
    """One `[[probes]]` table. silent: services that did not answer, with the rounds and why."""

    def __init__(self, settings: ProbeSettings, prober: Prober) -> None:
        self._settings = settings
        self._prober = prober
        self._silent: dict[str, tuple[int, str]] = {}
        self._left_out = False

    async def run(self) -> None:
        """One round after the other, for ever."""
        while True:
            await asyncio.sleep(self._settings.interval_s)
            await self.round()

    async def round(self) -> None:
        """Ping all that the settings name and that are there."""
        services = list(self._wanted())
        kept = {one.id for one in services}
        self._silent = {id_: seen for id_, seen in self._silent.items() if id_ in kept}
        async with asyncio.TaskGroup() as tasks:
            for one in services:
                tasks.create_task(self._look(one), name="probe a service")

    def unanswered(self) -> Iterator[tuple[str, str]]:
        """Services that are announced and do not answer, each with a sentence on it."""
        for id_, (rounds, why) in self._silent.items():
            service = self._prober.registry.service(id_)
            if rounds >= SILENT_ROUNDS and service is not None and service.state in UP:
                yield service.fqdn, f"{service.fqdn} is announced, but does not answer: {why}"

    def _wanted(self) -> Iterator[ServiceInstance]:
        """Those that were there first, as everywhere."""
        settings, found = self._settings, 0
        for service in self._prober.registry.services():
            if (
                service.state in UP
                and (not settings.types or service.type in settings.types)
                and (not settings.names or service.name in settings.names)
            ):
                found += 1
                if found <= MAX_PROBED:
                    yield service
        if found > MAX_PROBED and not self._left_out:
            log.warning("%d services fit a table of probes; %d are probed", found, MAX_PROBED)
        self._left_out = found > MAX_PROBED

    async def _look(self, service: ServiceInstance) -> None:
        async with self._prober.slots:
            try:
                pinged = await self._prober.ping(service, self._settings.via, ROUND_COUNT)
            except Unreachable:
                self._silent.pop(service.id, None)
                return
        if pinged.answered:
            self._silent.pop(service.id, None)
        elif pinged.verifying is not None:  # else it is this host that is in want
            rounds, _ = self._silent.get(service.id, (0, ""))
            self._silent[service.id] = (rounds + 1, f"{pinged.url}, {pinged.why}")
