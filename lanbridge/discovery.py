"""Discovery at work: interfaces, mDNS and the registry joined, one timer between them.

`lanbridge discover` runs it for a second or two, the daemon for months.
"""

import asyncio
import contextlib
import errno
import socket
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from lanbridge.core.addresses import NetworkState
from lanbridge.core.errors import MdnsUnavailable, NetworkUnavailable
from lanbridge.core.events import (
    AdvertisementFailed,
    AdvertisementRenamed,
    Event,
    LinksChanged,
    Moment,
    NetworkChanged,
    Observation,
    PacketHeard,
    QuestionsHeard,
    Tick,
)
from lanbridge.core.port_holders import blame
from lanbridge.core.records import Record
from lanbridge.core.registry import OFFLINE_KEPT_S, Registry
from lanbridge.core.services import ServiceInstance
from lanbridge.mdns.browse import FIRST_DELAY_S, Browser, ask
from lanbridge.mdns.engine import FAMILIES, Engine, Packet
from lanbridge.mdns.publish import Publisher
from lanbridge.mdns.sockets import PORT
from lanbridge.network.change import Change
from lanbridge.network.holders import udp_holders
from lanbridge.network.interfaces import snapshot
from lanbridge.network.watch import SLEPT_S, Watch

LOOK_S = 0.1  # how often a command that waits for quiet looks
REJOIN_S = 120.0  # between two reports of our memberships; a switch forgets after 260 s (RFC 3376)
# To find out who holds a port takes milliseconds, and whoever reaches /readyz makes us tell.
BLAMED_S = 10.0


class Discovery:
    """`browse`: browse names to keep (`_http._tcp.local`); None is every type.

    `tell` gets each event, in order, from within the loop; it must not block. forget: gets the ids
    of services that the registry knows no more.
    """

    def __init__(
        self,
        browse: Sequence[str] | None,
        tell: Callable[[Event], None],
        *,
        include: Sequence[str] = (),
        exclude: Sequence[str] = (),
        families: Iterable[int] | None = None,
        first_delay_s: tuple[float, float] = FIRST_DELAY_S,
        grace_s: Mapping[str, float] = MappingProxyType({}),
        kept_s: float = OFFLINE_KEPT_S,
        forget: Callable[[str], None] = lambda _id: None,
    ) -> None:
        self._tell = tell
        self._forget = forget
        self._include, self._exclude = include, exclude
        self.state = NetworkState(())
        self.registry = Registry(
            browse, grace_s=lambda type_: grace_s.get(type_, 0.0), kept_s=kept_s
        )
        self.browser = Browser(browse, self._known_answers, first_delay_s)
        self.engine = Engine(self._receive, self.registry.note, families or FAMILIES)
        self.publisher = Publisher(self._renamed, self._spawn, self._failed)
        self.news_s = 0.0  # when the registry last changed
        self._timer: asyncio.Handle | None = None
        self._wakes_s = 0.0  # uvloop's handle for what is due already does not say
        self._closed = False
        self._joined_s = 0.0
        self._blamed: tuple[float, MdnsUnavailable] | None = None

    # Life

    async def watch(self, poll_s: float) -> None:
        """Follow the interfaces of this host for as long as it runs."""
        watch = Watch(self._snapshot, poll_s, restless=lambda: bool(self.engine.problems))
        async for state, change in watch.looks(self.state):
            self._follow(state, change)

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator["Discovery"]:
        """Begin on the interfaces there are; having none is a state, not an error.

        At the end, say goodbye for what was advertised, then close the sockets.
        """
        async with asyncio.TaskGroup() as tasks:
            self._tasks = tasks
            self._joined_s = self._now_s()
            self._use(self._snapshot())
            try:
                yield self
            finally:
                self._closed = True
                if self._timer is not None:
                    self._timer.cancel()
                self.publisher.close()
                self.engine.close()

    # State

    @property
    def problem(self) -> NetworkUnavailable | MdnsUnavailable | None:
        """Why nothing can be discovered now, or None."""
        if self.engine.links:
            return None
        if self.engine.problems:
            return self._blame(next(iter(self.engine.problems.values())))
        seen = "; ".join(f"{one.name}: {one.why}" for one in self.state.interfaces)
        return NetworkUnavailable(
            "", f"no usable interface ({seen or 'there are none'})", "connect one, or name one"
        )

    def scan(self) -> None:
        """Ask everything again from the beginning."""
        self.browser.start(self._now_s())
        self._plan()

    def moment(self) -> Moment:
        """Now, by both clocks."""
        return Moment(self._now_s(), time.time())

    def recall(self, services: Iterable[ServiceInstance]) -> None:
        """What was known before a restart."""
        self.registry.recall(services, self.moment())

    def verify(self, service_id: str) -> bool:
        """Ask whether a service is there, RFC 6762 §10.4; False if that is under way."""
        started = self.registry.verify(service_id, self.moment())
        self._follow_up()
        return started

    def look(self) -> None:
        """Somebody looks at the list: ask for what was not heard for a while."""
        self.registry.look(self.moment())
        self._plan()

    async def quiet(self, quiet_s: float) -> None:
        """Wait until the second queries had their chance and nothing new came for `quiet_s`."""
        while True:
            asked_s = self.browser.asked_twice_s()
            if asked_s is None or self.registry.unresolved():
                left_s = quiet_s
            else:
                left_s = max(asked_s, self.news_s) + quiet_s - self._now_s()
            if left_s <= 0:
                return
            await asyncio.sleep(min(left_s, LOOK_S))

    # Inside

    def _blame(self, problem: MdnsUnavailable) -> MdnsUnavailable:
        """Say who holds the port, where that is the problem."""
        if not (isinstance(why := problem.__cause__, OSError) and why.errno == errno.EADDRINUSE):
            return problem
        if self._blamed is None or self._now_s() - self._blamed[0] >= BLAMED_S:
            named = MdnsUnavailable(f"UDP {PORT}", *blame(udp_holders(PORT)))
            self._blamed = (self._now_s(), named)
        return self._blamed[1]

    def _snapshot(self) -> NetworkState:
        return snapshot(self._include, self._exclude)

    def _follow(self, state: NetworkState, change: Change) -> None:
        reasons = change.reasons
        if change.matters or self.engine.problems:  # port 5353, that was taken, may be free now
            before = set(self.engine.links)
            self._use(state, change.renewed)
            if not reasons and (new := set(self.engine.links) - before):
                names = ", ".join(self.engine.links[index].name for index in sorted(new))
                reasons = (f"mDNS can run on {names} now",)
        else:
            self.state = state
        # Also while the network goes on changing: the links that stay are forgotten all the same.
        if self._now_s() - self._joined_s >= REJOIN_S:
            self._joined_s = self._now_s()
            self.engine.rejoin()
        if reasons:
            self._tell(NetworkChanged(reasons, time.time()))

    def _use(self, state: NetworkState, renewed: frozenset[str] = frozenset()) -> None:
        self.state = state
        if self.engine.update(state, renewed):
            self.browser.start(self._now_s())
            self.publisher.use(self.engine.links.values())
        self._observe(LinksChanged(self._link_names(), renewed))

    def _link_names(self) -> frozenset[str]:
        return frozenset(link.name for link in self.engine.links.values())

    def _receive(self, packet: Packet) -> None:
        self.publisher.receive(packet)
        if packet.message.is_response:
            self._observe(PacketHeard(packet.link.name, packet.source, packet.message.records))
        else:
            self.browser.hear(packet, self._now_s())
            ours = packet.link.has(packet.source)  # what we multicast comes back to us
            if packet.multicast and not packet.message.is_probe and not ours:
                known = {(record.name, record.type) for record in packet.message.records}
                asked = packet.message.questions
                new = tuple(one for one in asked if (one.name, one.type) not in known)
                self._observe(QuestionsHeard(new))

    def _observe(self, observation: Observation) -> None:
        moment = self.moment()
        if self._timer is not None and self._slept(moment.mono_s):
            # The packets that the kernel kept for us come before the timer.
            self._timer.cancel()
            self._wake()
        events = self.registry.apply(observation, moment)
        if events:
            self.news_s = moment.mono_s
        for event in events:
            self._tell(event)
        self._follow_up()

    def _follow_up(self) -> None:
        """Do what the registry wants done."""
        for id_ in self.registry.take_forgotten():
            self._forget(id_)
        if types := self.registry.take_types():
            self.browser.learn(types, self._now_s())
        if silent := self.registry.take_silent():
            self.browser.again(silent, self._now_s())
        self._plan()

    def _spawn(self, coroutine: Coroutine[Any, Any, None], name: str) -> asyncio.Task[None]:
        return self._tasks.create_task(coroutine, name=name)

    def _renamed(self, old: str, new: str) -> None:
        self._tell(AdvertisementRenamed(old, new, time.time()))

    def _failed(self, name: str) -> None:
        self._tell(AdvertisementFailed(name, time.time()))

    def _known_answers(self, name: str, interface: str) -> list[Record]:
        return self.registry.known_answers(name, interface, Moment(self._now_s(), 0.0))

    def _plan(self) -> None:
        """Set the one timer to the next thing due."""
        if self._closed:
            return
        due = [
            at_s
            for at_s in (self.registry.next_deadline(), self.browser.next_due())
            if at_s is not None
        ]
        if not due:
            return
        at_s = max(min(due), self._now_s())
        if self._timer is not None:
            if self._wakes_s <= at_s:
                return  # early enough, and it plans anew then
            self._timer.cancel()
        self._wakes_s = at_s
        self._timer = asyncio.get_running_loop().call_at(at_s, self._wake)

    def _slept(self, now_s: float) -> bool:
        """Whether we did not run for a while; `watch` notices it too, but not at once."""
        return now_s - self._wakes_s >= SLEPT_S

    def _wake(self) -> None:
        self._timer = None
        if self._slept(self._now_s()):
            # What has run out meanwhile was never asked for.
            names = self._link_names()
            self._observe(LinksChanged(names, renewed=names))
        else:
            self._observe(Tick())
        now_s = self._now_s()
        links = tuple(self.engine.links.values())
        ask(links, self.registry.take_questions(), self._known_answers)
        # Who does not answer over IPv4, an IPv6 only host for example, is asked over both next.
        ask(links, self.registry.take_refreshes(), self._known_answers, socket.AF_INET)
        self.browser.send_due(links, now_s)
        self._plan()

    @staticmethod
    def _now_s() -> float:
        return asyncio.get_running_loop().time()
