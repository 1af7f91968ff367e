"""The registry: a state machine from what was heard to what is there. No clock, no I/O.

Calling contract: `apply(observation, moment)` returns the events it caused. Afterwards
`take_questions()` says what the network has to be asked, `take_types()` which service types were
learned, and `next_deadline()` when `apply(Tick(), ...)` must be called at the latest.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from math import ceil

from lanbridge.core.cache import SILENT_AFTER, Entry, RecordSet
from lanbridge.core.deadlines import VOID, Deadlines
from lanbridge.core.events import (
    Event,
    EventKind,
    LinksChanged,
    Moment,
    Observation,
    PacketHeard,
    ServiceEvent,
)
from lanbridge.core.known_types import KnownTypes
from lanbridge.core.name_faults import MAX_LABEL_BYTES
from lanbridge.core.names import SERVICE_META, fold, is_valid_type, split_instance
from lanbridge.core.orphans import Orphans
from lanbridge.core.presence import Host, Service
from lanbridge.core.records import Nsec, Question, Record, RecordType
from lanbridge.core.services import Reason, ServiceInstance, State

# Each bound stops one stranger from filling memory with names he makes up. At a bound the
# services that were there first stay, the newcomer is refused and counted.
MAX_SERVICES = 8_192
MAX_HOSTS = 8_192
MAX_SERVICES_PER_HOST = 1_024  # each new address of a host is work for every service on it
MAX_FINDINGS = 256

OFFLINE_KEPT_S = 86_400.0
LOST_LINK_S = 10  # how long a service outlives the only link it was heard on

# While records that a PTR or SRV promised are missing: look after the delay, and ask or only see
# what the first question brought (no question twice within a second, RFC 6762 §5.2). After the
# last one the service is reported as not resolved, and asked for once a minute.
RESOLVE_STEPS = ((0.02, True), (0.20, False), (0.90, True), (3.0, True))
RESOLVE_AGAIN_S = 60.0
LONGEST_RESOLVE_S = 3_600.0

_Plan = tuple[Entry, Service | Host, RecordSet] | tuple[Service]

_ORDER = {int(RecordType.PTR): 0, int(RecordType.SRV): 1, int(RecordType.TXT): 2}


class Registry:
    """`wanted`: browse names (`_http._tcp.local`) to keep; None keeps every service."""

    def __init__(self, wanted: Iterable[str] | None = None) -> None:
        self._wanted = None if wanted is None else frozenset(fold(name) for name in wanted)
        self._services: dict[str, Service] = {}
        self._ids: dict[str, Service] = {}
        self._offline: dict[Service, None] = {}  # the one that left first comes first
        self._hosts: dict[str, Host] = {}
        self._by_browse_name: dict[str, dict[Service, None]] = {}
        self._types = KnownTypes(self._refuse)
        self._orphans = Orphans()
        self._questions: dict[Question, None] = {}
        self._silent: dict[str, None] = {}
        self._deadlines: Deadlines[_Plan] = Deadlines()
        self.refused: Counter[str] = Counter()
        self.findings: Counter[str] = Counter()

    # What comes in

    def apply(self, observation: Observation, now: Moment) -> list[Event]:
        touched: dict[Service, None] = {}
        if isinstance(observation, PacketHeard):
            self._hear(observation, now, touched)
        elif isinstance(observation, LinksChanged):
            self._follow_links(observation, now, touched)
        events: list[Event] = [one for one in self._pass_deadlines(now, touched) if one]
        for service in touched:
            events += self._settle(service, now)
        return events

    def note(self, finding: str) -> None:
        """Keep what was wrong with something a stranger sent; bounded, counted."""
        if finding in self.findings or len(self.findings) < MAX_FINDINGS:
            self.findings[finding] += 1

    def _refuse(self, what: str, finding: str = "") -> None:
        self.refused[what] += 1
        if finding:
            self.note(finding)

    # What goes out

    def next_deadline(self) -> float | None:
        return self._deadlines.next_s()

    def take_questions(self) -> list[Question]:
        questions, self._questions = list(self._questions), {}
        return questions

    def take_types(self) -> list[str]:
        """Browse names (`_http._tcp.local`) learned since the last call."""
        return self._types.take_new()

    def take_silent(self) -> list[str]:
        """Browse names of which a service fell silent: to be asked for often again, for a while."""
        silent, self._silent = list(self._silent), {}
        return silent

    def __len__(self) -> int:
        return len(self._services)

    def services(self) -> Iterator[ServiceInstance]:
        return (service.snapshot() for service in self._services.values())

    def service(self, service_id: str) -> ServiceInstance | None:
        service = self._ids.get(service_id)
        return service.snapshot() if service else None

    def types(self) -> dict[str, int]:
        """Service types seen, with the number of instances that are not offline."""
        counts = dict.fromkeys(self._types, 0)
        for service in self._services.values():
            if service.state is not State.OFFLINE and (service.type in counts):
                counts[service.type] += 1
        return counts

    def unresolved(self) -> bool:
        """Whether some service that was found may still be resolved."""
        return any(
            service.state is State.FOUND and service.looks < len(RESOLVE_STEPS)
            for service in self._services.values()
        )

    def known_answers(self, browse_name: str, interface: str, now: Moment) -> list[Record]:
        """The PTR records to put in the answer section of a question for `browse_name`.

        RFC 6762 §7.1: a querier MUST NOT include records "whose remaining TTL is less than
        half of the original TTL".
        """
        key = fold(browse_name)
        return [
            Record(service.ptr.name, RecordType.PTR, ceil(entry.expires_s - now.mono_s), entry.data)
            for service in self._by_browse_name.get(key, ())
            for entry in service.ptr.entries.values()
            if entry.interface == interface
            and entry.expires_s - now.mono_s > entry.ttl_s / 2
            and not entry.goodbye
        ]

    # Packets

    def _hear(self, packet: PacketHeard, now: Moment, touched: dict[Service, None]) -> None:
        # PTR before SRV before the rest: each makes sense of the next, in whatever order a
        # packet holds them.
        records = sorted(packet.records, key=lambda record: _ORDER.get(record.type, len(_ORDER)))
        for record in records:
            self._take(packet.interface, record, now, touched)

    def _take(
        self, interface: str, record: Record, now: Moment, touched: dict[Service, None]
    ) -> None:
        match record.type:
            case RecordType.PTR:
                self._take_pointer(interface, record, now, touched)
            case RecordType.SRV | RecordType.TXT:
                service = self._services.get(fold(record.name))
                if service is None:
                    self._orphans.keep(interface, record, now.mono_s)
                    return
                service.heard(now)
                changed = self._hear_in(
                    service.set_of(record.type), interface, record, now, service
                )
                if changed or service.best_srv != service.content.srv:
                    touched[service] = None
                    self._follow_target(service, now, touched)
            case RecordType.NSEC:
                host = self._hosts.get(fold(record.name))
                if host is not None and isinstance(record.data, Nsec):
                    host.denies_ipv4 = RecordType.A not in record.data.types
            case RecordType.A | RecordType.AAAA:
                host = self._hosts.get(fold(record.name))
                if host is None:
                    self._orphans.keep(interface, record, now.mono_s)
                    return
                changed = self._hear_in(host.set_of(record.type), interface, record, now, host)
                for service in host.services:
                    service.heard(now)
                    if changed:
                        touched[service] = None

    def _take_pointer(
        self, interface: str, record: Record, now: Moment, touched: dict[Service, None]
    ) -> None:
        owner, target = fold(record.name), record.data
        assert isinstance(target, str)
        if owner == fold(SERVICE_META):
            self._types.learn(target)
            return
        parts = split_instance(target)
        if parts is None or not fold(target).endswith(
            "." + (base := owner.rpartition("._sub.")[2])
        ):
            if owner.endswith(".arpa"):
                return  # reverse mapping: true, and of no use here
            fault = f"PTR {record.name} names {target}, which is no instance of that type"
            self._refuse("records", fault)
            return
        is_subtype = base != owner
        if self._wanted is not None and owner not in self._wanted:
            return
        # Two labels, or bytes that are no UTF-8: asked for, it would be another name.
        if len(parts[0].encode("utf-8", "replace")) > MAX_LABEL_BYTES:
            self._refuse("records", f"{target} is no instance name: it has over 63 bytes")
            return
        service = self._services.get(fold(target))
        if service is None:
            if record.ttl_s == 0 or (is_subtype and self._wanted is None):
                return
            service = self._add(target, parts, record.name, now)
            if service is None:
                return
        if is_subtype and service.add_subtype(record.name):
            touched[service] = None
        if (not is_subtype or service.ptr_key == owner) and self._hear_in(
            service.ptr, interface, record, now, service
        ):
            touched[service] = None
        self._types.learn(base)
        service.heard(now)
        self._adopt(service.key, now, touched)

    def _add(
        self, target: str, parts: tuple[str, str, str], owner: str, now: Moment
    ) -> Service | None:
        if len(self._services) >= MAX_SERVICES:
            if not self._offline:
                self.refused["services"] += 1
                return None
            self._forget(next(iter(self._offline)))
        service = Service(target, parts, owner, now)
        if not is_valid_type(service.type):
            service.findings.append(f"{service.type} is no service type by RFC 6335 §5.1")
        self._services[service.key] = service
        self._ids[service.id] = service
        self._by_browse_name.setdefault(service.ptr_key, {})[service] = None
        return service

    def _follow_target(self, service: Service, now: Moment, touched: dict[Service, None]) -> None:
        """Keep the service listed under the host that its SRV names."""
        srv = service.best_srv
        target = srv.target if srv else ""
        key = fold(target)
        if service.host_key == key or not key:
            return
        self._leave_host(service)
        host = self._hosts.get(key)
        if host is not None and len(host.services) >= MAX_SERVICES_PER_HOST:
            self.refused["services-of-one-host"] += 1
            return
        if host is None:
            if len(self._hosts) >= MAX_HOSTS:
                self.refused["hosts"] += 1
                return
            host = self._hosts[key] = Host(target)
        host.services[service] = None
        service.host_key = key
        self._adopt(key, now, touched)

    def _leave_host(self, service: Service) -> None:
        host = self._hosts.get(service.host_key)
        if host is not None:
            host.services.pop(service, None)
            if not host.services:
                del self._hosts[service.host_key]
                for records in host.sets:
                    records.clear()
        service.host_key = ""

    def _adopt(self, key: str, now: Moment, touched: dict[Service, None]) -> None:
        for interface, record, heard_s in self._orphans.adopt(key, now.mono_s):
            then = Moment(heard_s, now.unix_s - (now.mono_s - heard_s))
            self._take(interface, record, then, touched)

    # Lifetimes

    def _hear_in(
        self, records: RecordSet, interface: str, record: Record, now: Moment, owner: Service | Host
    ) -> bool:
        def plan(entry: Entry) -> None:
            self._deadlines.plan(entry.due_s(), (entry, owner, records))

        return records.hear(interface, record, now.mono_s, plan)

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
                        self._follow_target(service, now, touched)
                    service.ended_by_goodbye = entry.goodbye
                    touched[service] = None
                continue
            if entry.due_s() <= now.mono_s:
                entry.asked += 1
                self._questions[Question(records.name, records.type)] = None
                if entry.asked == SILENT_AFTER:
                    touched.update(dict.fromkeys(owner.affected))
            self._deadlines.plan(entry.due_s(), item)

    def _pass_service(self, service: Service, now: Moment) -> ServiceEvent | None:
        """A service's own deadline: ask for what is missing, or forget it."""
        if service.state is State.OFFLINE:
            self._forget(service)
            return None
        missing = service.missing(self._hosts.get(service.host_key))
        if not missing and service.state is not State.FOUND:
            service.looks = 0
            return None
        if service.looks >= len(RESOLVE_STEPS) or RESOLVE_STEPS[service.looks][1]:
            # RFC 6762 §5.4: the first wants a unicast answer, which no rate limit holds back.
            first = service.looks == 0
            self._questions.update((one._replace(unicast=first), None) for one in missing)
        service.looks += 1
        self._plan_resolve(service, now)
        if service.looks == len(RESOLVE_STEPS) and service.state is State.FOUND:
            snapshot = service.snapshot()
            return ServiceEvent(EventKind.RESOLVE_FAILED, snapshot, now.unix_s)
        return None

    def _follow_links(self, links: LinksChanged, now: Moment, touched: dict[Service, None]) -> None:
        owners: list[Service | Host] = [*self._services.values(), *self._hosts.values()]
        for owner in owners:
            for records in owner.sets:
                for entry in records.entries.values():
                    if entry.interface not in links.interfaces:
                        if not entry.away:
                            entry.away = True
                            entry.asked = 4
                            entry.end_by(now.mono_s + LOST_LINK_S)
                            self._deadlines.plan(entry.expires_s, (entry, owner, records))
                            touched.update(dict.fromkeys(owner.affected))
                    elif entry.away or (entry.interface in links.renewed and not entry.goodbye):
                        # Ask before the record is given up. Its life may have run out while this
                        # host slept, and nobody was asked then.
                        entry.away = False
                        if entry.asked >= SILENT_AFTER:
                            entry.end_at(now.mono_s + LOST_LINK_S)
                        else:
                            entry.refresh(LOST_LINK_S, now.mono_s)
                        self._deadlines.plan(entry.due_s(), (entry, owner, records))
                        self._questions[Question(records.name, records.type)] = None

    # State

    def _settle(self, service: Service, now: Moment) -> Iterator[ServiceEvent]:
        """Bring the state in line with the records and say what changed."""
        if self._services.get(service.key) is not service:
            return
        before = service.state
        host = self._hosts.get(service.host_key)
        after, reason = service.judge(host)
        if after is before is State.OFFLINE:
            return
        if after is State.FOUND and host is not None and not host.known and not host.asked:
            host.asked = True  # its addresses did not come with the SRV, so ask for them soon
            service.looks = 0
            self._plan_resolve(service, now)
        changed = service.move_to(after, reason, host)
        if after is State.OFFLINE:
            if before is None:
                self._forget(service)
                return
            yield ServiceEvent(EventKind.LOST, service.snapshot(), now.unix_s)
            if reason is Reason.NO_ANSWER:
                # It may come back without a word, when an access point has restarted for example.
                self._silent[service.ptr_key] = None
            self._rest(service, now)
            return
        if before is None or before is State.OFFLINE:
            self._offline.pop(service, None)
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

    def _rest(self, service: Service, now: Moment) -> None:
        """Keep what an offline service was, for a day, but none of its records.

        A PTR left over would go out as a known answer and keep the device from answering.
        """
        for records in service.sets:
            records.clear()
        self._leave_host(service)
        service.ended_by_goodbye = False
        self._offline[service] = None
        service.planned_s = VOID
        self._deadlines.plan(now.mono_s + OFFLINE_KEPT_S, (service,))

    def _forget(self, service: Service) -> None:
        self._leave_host(service)
        self._offline.pop(service, None)
        del self._services[service.key]
        del self._ids[service.id]
        siblings = self._by_browse_name[service.ptr_key]
        del siblings[service]
        if not siblings:
            del self._by_browse_name[service.ptr_key]
        service.planned_s = VOID
        for records in service.sets:
            records.clear()
