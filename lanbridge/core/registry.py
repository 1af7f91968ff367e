"""The registry: a state machine from what was heard to what is there. No clock, no I/O.

Calling contract: `apply(observation, moment)` returns the events it caused. Afterwards
`take_questions()` and `take_refreshes()` say what the network has to be asked, `take_types()` which
service types were learned, and `next_deadline()` when `apply(Tick(), ...)` must be called at the
latest.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from math import ceil, inf

from lanbridge.core.addresses import Address
from lanbridge.core.announcers import MAX_FOUGHT
from lanbridge.core.asking import Asking
from lanbridge.core.cache import GOODBYE_S
from lanbridge.core.cross_wiring import Crossed, crossed
from lanbridge.core.deadlines import VOID, Deadlines
from lanbridge.core.doubts import Doubts
from lanbridge.core.events import (
    Event,
    EventKind,
    LinksChanged,
    Moment,
    Observation,
    PacketHeard,
    QuestionsHeard,
    ServiceEvent,
)
from lanbridge.core.intake import Intake, Plan
from lanbridge.core.names import fold
from lanbridge.core.presence import Host, Service
from lanbridge.core.records import Question, Record, RecordType
from lanbridge.core.services import UP, Reason, ServiceInstance, State
from lanbridge.core.tables import Tables

OFFLINE_KEPT_S = 86_400.0
RECALL_S = 15.0  # what was there before a restart may be silent for so long after it

# While records that a PTR or SRV promised are missing: look after the delay, and ask or only see
# what the first question brought (no question twice within a second, RFC 6762 §5.2). After the
# last one the service is reported as not resolved, and asked for once a minute.
RESOLVE_STEPS = ((0.02, True), (0.20, False), (0.90, True), (3.0, True))
RESOLVE_AGAIN_S = 60.0
LONGEST_RESOLVE_S = 3_600.0


class Registry:
    """`wanted`: browse names (`_http._tcp.local`) to keep; None keeps every service.

    grace_s: for a service type, how long one that fell silent or said goodbye is `stale` before
    it is offline. kept_s: how long an offline service is remembered.
    """

    def __init__(
        self,
        wanted: Iterable[str] | None = None,
        *,
        grace_s: Callable[[str], float] = lambda _type: 0.0,
        kept_s: float = OFFLINE_KEPT_S,
    ) -> None:
        self._wanted = None if wanted is None else frozenset(fold(name) for name in wanted)
        self._grace_s = grace_s
        self._kept_s = kept_s
        self._tables = Tables()
        self._deadlines: Deadlines[Plan] = Deadlines()
        self._intake = Intake(self._tables, self._deadlines, self._wanted)
        self._types = self._intake.types
        self._asking = Asking(self._deadlines)
        self._silent: dict[str, None] = {}
        self._recalled: dict[Service, None] = {}
        self._doubts = Doubts(self._tables, self._deadlines)
        self.revision = 0  # another one when a service may differ in more than `last_seen`

    # What comes in

    def apply(self, observation: Observation, now: Moment) -> list[Event]:
        touched: dict[Service, None] = {}
        if isinstance(observation, PacketHeard):
            self._intake.hear(observation, now, touched)
        elif isinstance(observation, QuestionsHeard):
            self._doubts.overhear(observation.questions, now.mono_s)
        elif isinstance(observation, LinksChanged):
            self._follow_links(observation, now, touched)
        events: list[Event] = [one for one in self._pass_deadlines(now, touched) if one]
        for service in touched:
            events += self._settle(service, now)
        self.revision += bool(touched)
        return events

    def note(self, finding: str) -> None:
        """Keep what was wrong with something a stranger sent; bounded, counted."""
        self._tables.note(finding)

    def verify(self, service_id: str, now: Moment) -> bool:
        """RFC 6762 §10.4: ask whether it is there. False if that is under way, or it is unknown."""
        service = self._tables.by_id.get(service_id)
        if service is None:
            return False
        if service.state in UP and service.leaving is None:
            return self._doubts.verify(service, now.mono_s)
        self._silent[service.ptr_key] = None
        return True

    def look(self, now: Moment) -> int:
        """Somebody looks at the list: verify what was not heard for a while; returns how many."""
        return self._doubts.look(now.mono_s)

    def recall(self, known: Iterable[ServiceInstance], now: Moment) -> None:
        """Take in what was known before a restart: what was there is stale until it is heard."""
        self.revision += 1
        for one in known:
            owner = f"{one.type}.{one.domain}"
            parts = (one.name, one.type, one.domain)
            known_now = self._tables.services.get(fold(one.fqdn))
            if known_now is not None:
                known_now.seen_since(one.first_seen_s)
            if (
                known_now is not None
                or one.state is State.FOUND
                or (self._wanted is not None and fold(owner) not in self._wanted)
                or (service := self._tables.add(one.fqdn, parts, owner, now)) is None
            ):
                continue
            self._types.learn(owner)
            service.take_back(one)
            if one.state is State.OFFLINE:
                self._tables.is_gone(service)
                # A Pi has no clock until NTP gives it one: it may be any year now.
                age_s = min(max(now.unix_s - one.last_seen_s, 0.0), self._kept_s)
                self._deadlines.plan(now.mono_s + self._kept_s - age_s, (service,))
            else:
                service.leaving = (inf, Reason.NO_ANSWER)  # until there is a link to ask on
                self._recalled[service] = None

    # What goes out

    def next_deadline(self) -> float | None:
        return self._deadlines.next_s()

    def take_questions(self) -> list[Question]:
        return self._asking.take()

    def take_refreshes(self) -> list[Question]:
        """Questions that are not urgent: the first ones for records that will end."""
        return self._asking.take_refreshes()

    def take_types(self) -> list[str]:
        """Browse names (`_http._tcp.local`) learned since the last call."""
        return self._types.take_new()

    def take_silent(self) -> list[str]:
        """Browse names of which a service fell silent: to be asked for often again, for a while."""
        silent, self._silent = list(self._silent), {}
        return silent

    @property
    def refused(self) -> Counter[str]:
        return self._tables.refused

    @property
    def findings(self) -> Counter[str]:
        return self._tables.findings

    def take_forgotten(self) -> list[str]:
        """Ids of services that are in no list any more since the last call."""
        forgotten, self._tables.forgotten = self._tables.forgotten, []
        return forgotten

    def __len__(self) -> int:
        return len(self._tables.services)

    @property
    def hosts(self) -> int:
        return len(self._tables.hosts)

    def services(self) -> Iterator[ServiceInstance]:
        return (service.snapshot() for service in self._tables.services.values())

    def service(self, service_id: str) -> ServiceInstance | None:
        service = self._tables.by_id.get(service_id)
        return service.snapshot() if service else None

    def types(self) -> dict[str, int]:
        """Service types seen, with the number of instances that are not offline."""
        counts = dict.fromkeys(self._types, 0)
        for service in self._tables.services.values():
            if service.state is not State.OFFLINE and (service.type in counts):
                counts[service.type] += 1
        return counts

    def states(self) -> Counter[State]:
        """How many services there are in each state."""
        return Counter(one.state or State.FOUND for one in self._tables.services.values())

    def fought_hosts(self, now: Moment) -> dict[str, tuple[Address, Address]]:
        """Host names that two machines announced in turn lately, with the addresses of both."""
        fought = (
            (host.a.name, rivals)
            for host in self._tables.hosts.values()
            if (rivals := host.announcers.rivals(now.mono_s)) is not None
        )
        return dict(islice(fought, MAX_FOUGHT))

    def crossed(self) -> list[Crossed]:
        """Addresses that two machines say are theirs."""
        return crossed(self._tables.hosts.values())

    def unresolved(self) -> bool:
        """Whether some service that was found may still be resolved."""
        return any(
            service.state is State.FOUND and service.looks < len(RESOLVE_STEPS)
            for service in self._tables.services.values()
        )

    def known_answers(self, browse_name: str, interface: str, now: Moment) -> list[Record]:
        """The PTR records to put in the answer section of a question for `browse_name`.

        RFC 6762 §7.1: a querier MUST NOT include records "whose remaining TTL is less than
        half of the original TTL".
        """
        key = fold(browse_name)
        return [
            Record(service.ptr.name, RecordType.PTR, ceil(entry.expires_s - now.mono_s), entry.data)
            for service in self._tables.by_browse_name.get(key, ())
            for entry in service.ptr.entries.values()
            if entry.interface == interface
            and entry.expires_s - now.mono_s > entry.ttl_s / 2
            and not entry.goodbye
        ]

    # Lifetimes

    def _plan_resolve(self, service: Service, now: Moment) -> None:
        if service.looks < len(RESOLVE_STEPS):
            delay_s = RESOLVE_STEPS[service.looks][0]
        else:  # RFC 6762 §5.2: each interval at least twice the one before, up to an hour
            rounds = min(service.looks - len(RESOLVE_STEPS), 10)
            delay_s = min(RESOLVE_AGAIN_S * 2**rounds, LONGEST_RESOLVE_S)
        self._deadlines.plan(now.mono_s + delay_s, (service,))

    def _pass_deadlines(
        self, now: Moment, touched: dict[Service, None]
    ) -> Iterator[ServiceEvent | None]:
        for item in self._deadlines.due(now.mono_s):
            if len(item) == 1:
                touched[item[0]] = None
                yield self._pass_service(item[0], now)
                continue
            entry, owner, records = item
            if entry.expires_s <= now.mono_s:
                records.drop(entry)
                for service in tuple(owner.affected):
                    if records is service.srv:
                        self._intake.follow_target(service, now, touched)
                    service.ended_by_goodbye = entry.goodbye
                    touched[service] = None
                continue
            if entry.due_s() <= now.mono_s and self._asking.renew(entry, records):
                touched.update(dict.fromkeys(owner.affected))
            self._deadlines.plan(entry.due_s(), item)
        self._asking.renew_early(now.mono_s)

    def _pass_service(self, service: Service, now: Moment) -> ServiceEvent | None:
        """A service's own deadline: ask for what is missing, or forget it."""
        if service.state is State.OFFLINE:
            self._tables.forget(service)
            return None
        if service.leaving is not None:
            if service.leaving[0] > now.mono_s:
                self._deadlines.plan(service.leaving[0], (service,))
            if not service.ptr.entries:
                return None
        missing = service.missing(self._tables.host_of(service))
        if not missing and service.state is not State.FOUND:
            service.looks = 0
            return None
        if service.looks >= len(RESOLVE_STEPS) or RESOLVE_STEPS[service.looks][1]:
            # RFC 6762 §5.4: the first wants a unicast answer, which no rate limit holds back.
            first = service.looks == 0
            self._asking.ask(one._replace(unicast=first) for one in missing)
        service.looks += 1
        self._plan_resolve(service, now)
        if service.looks == len(RESOLVE_STEPS) and service.state is State.FOUND:
            snapshot = service.snapshot()
            return ServiceEvent(EventKind.RESOLVE_FAILED, snapshot, now.unix_s)
        return None

    def _follow_links(self, links: LinksChanged, now: Moment, touched: dict[Service, None]) -> None:
        if links.interfaces:
            for service in self._recalled:
                if service.leaving is not None:
                    service.leaving = (now.mono_s + RECALL_S, service.leaving[1])
                    self._deadlines.plan(service.leaving[0], (service,))
            self._recalled.clear()
        owners: list[Service | Host] = [
            *self._tables.services.values(),
            *self._tables.hosts.values(),
        ]
        for owner in owners:
            for records in owner.sets:
                for entry in records.entries.values():
                    if entry.interface not in links.interfaces:
                        if not entry.away:
                            entry.lose_link(now.mono_s)
                            self._deadlines.plan(entry.expires_s, (entry, owner, records))
                            touched.update(dict.fromkeys(owner.affected))
                    elif not entry.goodbye and (entry.away or entry.interface in links.renewed):
                        entry.find_link(now.mono_s)
                        self._deadlines.plan(entry.due_s(), (entry, owner, records))
                        self._asking.ask([Question(records.name, records.type)])

    # State

    def _settle(self, service: Service, now: Moment) -> Iterator[ServiceEvent]:
        """Bring the state in line with the records and say what changed."""
        if self._tables.services.get(service.key) is not service:
            return
        before = service.state
        host = self._tables.host_of(service)
        after, reason = service.judge(host)
        if after is before is State.OFFLINE:
            return
        if after is not State.OFFLINE:
            service.leaving = None
        elif before in UP:
            after, reason = self._linger(service, reason or Reason.NO_ANSWER, now)
        if after is State.FOUND and host is not None and not host.known and not host.asked:
            host.asked = True  # its addresses did not come with the SRV, so ask for them soon
            service.looks = 0
            self._plan_resolve(service, now)
        changed = service.move_to(after, reason, host)
        if after is State.OFFLINE:
            if before is not None:
                yield ServiceEvent(EventKind.LOST, service.snapshot(), now.unix_s)
            if reason is Reason.NO_ANSWER:
                # It may come back without a word, when an access point has restarted for example.
                self._silent[service.ptr_key] = None
            self._rest(service, now)
            return
        if before is None or before is State.OFFLINE:
            self._tables.is_back(service)
            service.looks = 0
            if service.missing(host):
                self._plan_resolve(service, now)
            yield ServiceEvent(EventKind.FOUND, service.snapshot(), now.unix_s)
            before = State.FOUND
        if after is State.ONLINE and before is State.FOUND:
            yield ServiceEvent(EventKind.RESOLVED, service.snapshot(), now.unix_s)
        elif after is State.STALE and before is not State.STALE:
            yield ServiceEvent(EventKind.STALE, service.snapshot(), now.unix_s)
        elif changed and after is not State.FOUND:
            kept = frozenset(changed)
            yield ServiceEvent(EventKind.UPDATED, service.snapshot(), now.unix_s, kept)

    def _linger(self, service: Service, reason: Reason, now: Moment) -> tuple[State, Reason | None]:
        """Its records have ended: stale for the grace of its type, and offline then."""
        grace_s = self._grace_s(service.type)
        if service.leaving is None:
            if grace_s <= 0:
                return State.OFFLINE, reason
            service.leaving = (now.mono_s + grace_s, reason)
            self._tables.clear(service)
            service.looks = 0
            self._silent[service.ptr_key] = None
        until_s, reason = service.leaving
        if service.ended_by_goodbye:
            until_s, reason = min(until_s, now.mono_s + max(grace_s, GOODBYE_S)), Reason.GOODBYE
            service.leaving, service.ended_by_goodbye = (until_s, reason), False
        if now.mono_s >= until_s:
            service.leaving = None
            return State.OFFLINE, reason
        if until_s < inf:
            self._deadlines.plan(until_s, (service,))
        if service.ptr.entries:
            self._plan_resolve(service, now)
        return State.STALE, None

    def _rest(self, service: Service, now: Moment) -> None:
        """Keep what an offline service was for a while, if anything is known of it."""
        if not service.content.srv.target:
            self._tables.forget(service)
            return
        self._tables.clear(service)
        self._tables.is_gone(service)
        service.planned_s = VOID
        self._deadlines.plan(now.mono_s + self._kept_s, (service,))
