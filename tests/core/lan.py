"""A LAN in a list: records and a clock for tests of the registry."""

from collections.abc import Mapping, Sequence
from ipaddress import ip_address

from lanbridge.core.events import (
    Event,
    LinksChanged,
    Moment,
    Observation,
    PacketHeard,
    QuestionsHeard,
    ServiceEvent,
    Tick,
)
from lanbridge.core.records import Question, Record, RecordType, Srv
from lanbridge.core.registry import Registry
from lanbridge.core.services import ServiceInstance

TYPE = "_http._tcp.local"


def ptr(instance: str = "lamp", type_: str = TYPE, ttl_s: int = 4500) -> Record:
    """An instance of a type."""
    return Record(type_, RecordType.PTR, ttl_s, f"{instance}.{type_}")


def srv(
    instance: str = "lamp", host: str = "lamp.local", port: int = 80, ttl_s: int = 120
) -> Record:
    """Where an instance is."""
    return Record(f"{instance}.{TYPE}", RecordType.SRV, ttl_s, Srv(0, 0, port, host), flush=True)


def txt(instance: str = "lamp", rdata: bytes = b"\x09txtvers=1", ttl_s: int = 4500) -> Record:
    """What an instance says of itself."""
    return Record(f"{instance}.{TYPE}", RecordType.TXT, ttl_s, rdata, flush=True)


def address(host: str = "lamp.local", text: str = "10.0.0.7", ttl_s: int = 120) -> Record:
    """A or AAAA, as the text is."""
    value = ip_address(text)
    type_ = RecordType.A if value.version == 4 else RecordType.AAAA
    return Record(host, type_, ttl_s, value, flush=True)


def whole(instance: str = "lamp", host: str = "lamp.local", ttl_s: int = 120) -> list[Record]:
    """Everything that a well-behaved responder puts in one packet."""
    return [
        ptr(instance),
        srv(instance, host, ttl_s=ttl_s),
        txt(instance),
        address(host, ttl_s=ttl_s),
    ]


class Lan:
    """A registry and the time; every step returns the events as "kind name" lines."""

    def __init__(
        self, wanted: Sequence[str] | None = None, grace_s: Mapping[str, float] = {}
    ) -> None:
        self.registry = Registry(wanted, grace_s=lambda type_: grace_s.get(type_, 0.0))
        self.now_s = 1_000.0
        self.events: list[Event] = []

    def hear(self, *records: Record, on: str = "eth0", source: str = "10.0.0.7") -> list[str]:
        return self._apply(PacketHeard(on, ip_address(source), tuple(records)))

    def overhear(self, *questions: Question) -> None:
        """Another host asks."""
        self._apply(QuestionsHeard(questions))

    def verify(self) -> bool:
        """Somebody wants to know whether the only service is there."""
        return self.registry.verify(self.only().id, self.moment)

    def look(self) -> int:
        """Somebody reads the list."""
        return self.registry.look(self.moment)

    @property
    def moment(self) -> Moment:
        return Moment(self.now_s, self.now_s + 1e9)

    def links(self, *names: str, renewed: Sequence[str] = ()) -> list[str]:
        return self._apply(LinksChanged(frozenset(names), frozenset(renewed)))

    def wait(self, seconds: float) -> list[str]:
        """Pass every deadline on the way, as the daemon's timer would."""
        end_s = self.now_s + seconds
        told: list[str] = []
        while (at_s := self.registry.next_deadline()) is not None and at_s <= end_s:
            self.now_s = max(self.now_s, at_s)
            told += self._apply(Tick())
        self.now_s = end_s
        return told + self._apply(Tick())

    def asked(self) -> list[str]:
        """The questions that are due, as "name TYPE"."""
        questions = [*self.registry.take_questions(), *self.registry.take_refreshes()]
        return [f"{one.name} {RecordType(one.type).name}" for one in questions]

    def only(self) -> ServiceInstance:
        (service,) = self.registry.services()
        return service

    def _apply(self, observation: Observation) -> list[str]:
        events = self.registry.apply(observation, self.moment)
        self.events += events
        return [
            f"{event.kind.removeprefix('service.')} {event.service.name}"
            for event in events
            if isinstance(event, ServiceEvent)
        ]
