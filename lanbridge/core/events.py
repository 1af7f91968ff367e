"""What goes into the registry (observations) and what comes out (events): closed unions."""

from enum import StrEnum
from typing import NamedTuple

from lanbridge.core.addresses import Address
from lanbridge.core.alarms import AlarmChanged
from lanbridge.core.records import Question, Record
from lanbridge.core.services import ServiceInstance


class Moment(NamedTuple):
    """One reading of both clocks: the monotonic one for lifetimes, the other for people."""

    mono_s: float
    unix_s: float


class PacketHeard(NamedTuple):
    """The records of one mDNS response heard on `interface` from `source`."""

    interface: str
    source: Address
    records: tuple[Record, ...]


class QuestionsHeard(NamedTuple):
    """What another host asked; questions whose answer it knows already are left out."""

    questions: tuple[Question, ...]


class LinksChanged(NamedTuple):
    """The interfaces that mDNS runs on from now on.

    renewed: those that may be another network than they were, or were not heard for a while; what
    was heard on them is to be verified.
    """

    interfaces: frozenset[str]
    renewed: frozenset[str] = frozenset()


class Tick(NamedTuple):
    """Nothing was heard; the deadline that the registry asked for has come."""


Observation = PacketHeard | QuestionsHeard | LinksChanged | Tick


class EventKind(StrEnum):
    FOUND = "service.found"
    RESOLVED = "service.resolved"
    UPDATED = "service.updated"
    STALE = "service.stale"
    LOST = "service.lost"
    RESOLVE_FAILED = "service.resolve-failed"


class ServiceEvent(NamedTuple):
    """`service` as it is after the event; `changed` names its fields for `service.updated`."""

    kind: EventKind
    service: ServiceInstance
    at_unix_s: float
    changed: frozenset[str] = frozenset()


class NetworkChanged(NamedTuple):
    """`reasons`: one sentence per interface that came, went or changed."""

    reasons: tuple[str, ...]
    at_unix_s: float


class AdvertisementRenamed(NamedTuple):
    """A name was taken on the link (RFC 6762 §9) and ours gave way."""

    old: str
    new: str
    at_unix_s: float


class AdvertisementFailed(NamedTuple):
    """Every name like this one is taken on the link: renaming has stopped, a person must look."""

    name: str
    at_unix_s: float


Event = ServiceEvent | NetworkChanged | AdvertisementRenamed | AdvertisementFailed | AlarmChanged


NAMES = (
    *map(str, EventKind),
    "network.changed",
    "advertisement.renamed",
    "advertisement.failed",
    "alarm.raised",
    "alarm.over",
)


def name_of(event: Event) -> str:
    """The name under which it travels, one of NAMES."""
    match event:
        case ServiceEvent():
            return str(event.kind)
        case NetworkChanged():
            return "network.changed"
        case AdvertisementRenamed():
            return "advertisement.renamed"
        case AdvertisementFailed():
            return "advertisement.failed"
        case AlarmChanged(_, raised):
            return "alarm.raised" if raised else "alarm.over"
