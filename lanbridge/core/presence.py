"""The registry's own, mutable picture of one service instance and of one host."""

import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING, NamedTuple

from lanbridge.core.announcers import Announcers
from lanbridge.core.cache import RecordSet
from lanbridge.core.deadlines import VOID
from lanbridge.core.events import Moment
from lanbridge.core.names import fold
from lanbridge.core.records import Question, RecordType, Srv
from lanbridge.core.services import UP, HeardAddress, Reason, ServiceInstance, State, stable_id
from lanbridge.core.txt import decode

if TYPE_CHECKING:
    from lanbridge.core.addresses import Address

LOOKS_ENOUGH = 2  # then a service is shown without what may never come
MAX_SUBTYPES = 16  # per service: subtype names are made up by whoever announces them


class Host:
    """A host name that some SRV record points to, and its addresses per link."""

    __slots__ = ("a", "aaaa", "announcers", "asked", "denies_ipv4", "services")

    def __init__(self, name: str) -> None:
        self.a = RecordSet(name, RecordType.A)
        self.aaaa = RecordSet(name, RecordType.AAAA)
        self.services: dict[Service, None] = {}
        self.asked = False
        self.denies_ipv4 = False  # NSEC, RFC 6762 §6.1
        self.announcers = Announcers()

    @property
    def sets(self) -> tuple[RecordSet, ...]:
        return (self.a, self.aaaa)

    def set_of(self, type_: int) -> RecordSet:
        return self.a if type_ == RecordType.A else self.aaaa

    @property
    def affected(self) -> Iterable["Service"]:
        return self.services

    @property
    def known(self) -> bool:
        return bool(self.a.entries or self.aaaa.entries)

    @property
    def settled(self) -> bool:
        """Whether it has an IPv4 address, or has said that it has none.

        Over IPv6 avahi gives only the IPv6 addresses, and a phone can use no other than IPv4.
        """
        return bool(self.a.entries) or self.denies_ipv4

    @property
    def silent(self) -> bool:
        return self.known and all(one.silent for one in self.sets if one.entries)

    @property
    def addresses(self) -> tuple[HeardAddress, ...]:
        """IPv4 first. Flushed or withdrawn addresses are left out, unless nothing else is left."""
        entries = [entry for records in self.sets for entry in records.entries.values()]
        live = [entry for entry in entries if not entry.goodbye] or entries
        return tuple(HeardAddress(entry.data, entry.interface) for entry in live)  # type: ignore[arg-type]


class Content(NamedTuple):
    """What a service is, as last resolved; it outlives the records of a service gone offline."""

    srv: Srv = Srv(0, 0, 0, "")
    addresses: tuple[HeardAddress, ...] = ()
    txt: bytes = b""
    subtypes: tuple[str, ...] = ()
    interfaces: tuple[str, ...] = ()
    ttl_s: int = 0

    def changes(self, other: "Content") -> set[str]:
        """Names of the fields a reader would see differ."""
        pairs = {
            "host": (self.srv.target, other.srv.target),
            "port": (self.srv.port, other.srv.port),
            "addresses": (set(self.addresses), set(other.addresses)),
            "txt": (self.txt, other.txt),
            "subtypes": (self.subtypes, other.subtypes),
        }
        return {name for name, (old, new) in pairs.items() if old != new}


class Service:
    """A service instance with the records it is made of."""

    __slots__ = (
        "_snapshot",
        "content",
        "domain",
        "ended_by_goodbye",
        "findings",
        "first_seen_s",
        "host_key",
        "id",
        "instance",
        "key",
        "last_seen_s",
        "leaving",
        "looks",
        "planned_s",
        "ptr",
        "ptr_key",
        "reason",
        "source",
        "srv",
        "state",
        "subtypes",
        "txt",
        "type",
    )  # fmt: skip

    def __init__(self, fqdn: str, parts: tuple[str, str, str], owner: str, now: Moment) -> None:
        # What thousands have in common is there once.
        owner = sys.intern(owner)
        self.instance, self.type, self.domain = parts[0], *map(sys.intern, parts[1:])
        self.key = fold(fqdn)
        self.id = stable_id(fqdn)
        name = f"{self.instance}.{self.type}.{self.domain}"
        self.ptr = RecordSet(owner, RecordType.PTR)
        self.ptr_key = sys.intern(fold(owner))
        self.srv = RecordSet(name, RecordType.SRV)
        self.txt = RecordSet(name, RecordType.TXT)
        self.subtypes: dict[str, None] = {}
        self.host_key = ""
        self.state: State | None = None  # None: not told to anybody yet
        self.reason: Reason | None = None
        self.source: Address | None = None  # who was the first to tell of it
        self.looks = 0  # how often missing records were looked for, see RESOLVE_STEPS
        self.planned_s = VOID
        self.ended_by_goodbye = False
        self.first_seen_s = self.last_seen_s = now.unix_s
        # Its records have ended: until when it is stale, and why it is offline then.
        self.leaving: tuple[float, Reason] | None = None
        self.findings: tuple[str, ...] = ()
        self.content = Content()
        self._snapshot: ServiceInstance | None = None

    @property
    def sets(self) -> tuple[RecordSet, ...]:
        return (self.ptr, self.srv, self.txt)

    def set_of(self, type_: int) -> RecordSet:
        return self.srv if type_ == RecordType.SRV else self.txt

    @property
    def affected(self) -> Iterable["Service"]:
        return (self,)

    @property
    def best_srv(self) -> Srv | None:
        """RFC 2782: the lowest priority first, among equals the highest weight."""
        entries = self.srv.entries.values()
        best = min(
            entries,
            key=lambda e: (e.goodbye, e.data.priority, -e.data.weight, -e.heard_s),  # type: ignore[union-attr]
            default=None,
        )
        return best.data if best else None  # type: ignore[return-value]

    def seen_since(self, unix_s: float) -> None:
        self.first_seen_s = min(self.first_seen_s, unix_s)
        self._snapshot = None

    def heard(self, now: Moment) -> None:
        self.last_seen_s = now.unix_s
        self._snapshot = None

    def take_back(self, known: ServiceInstance) -> None:
        """What it was before a restart of ours."""
        self.first_seen_s, self.last_seen_s = known.first_seen_s, known.last_seen_s
        self.subtypes = dict.fromkeys(known.subtypes[:MAX_SUBTYPES])
        self.state = State.OFFLINE if known.state is State.OFFLINE else State.STALE
        self.reason = known.reason
        self.content = Content(
            srv=Srv(known.priority, known.weight, known.port, known.host),
            addresses=known.addresses,
            txt=known.txt_raw,
            subtypes=tuple(self.subtypes),
            interfaces=known.interfaces,
            ttl_s=known.ttl_s,
        )

    def add_subtype(self, owner: str) -> bool:
        """Whether it is a new one, and there is room for it."""
        subtype = owner.partition("._sub.")[0]
        if subtype in self.subtypes or len(self.subtypes) >= MAX_SUBTYPES:
            return False
        self.subtypes[subtype] = None
        return True

    def missing(self, host: Host | None) -> list[Question]:
        """The questions whose answers would complete this service."""
        asked = [one for one in (self.srv, self.txt) if not one.entries]
        if host is not None and not host.known:
            asked += host.sets
        elif host is not None and self.looks == 0 and not host.settled:
            asked.append(host.a)
        return [Question(records.name, records.type) for records in asked]

    def judge(self, host: Host | None) -> tuple[State, Reason | None]:
        """What the records that are left say.

        A goodbye counts when its second is over (RFC 6762 §10.1): a device that comes back
        within that second never left.
        """
        gone = Reason.GOODBYE if self.ended_by_goodbye else None
        was_up = self.state in UP
        if not self.ptr.entries:
            return State.OFFLINE, gone or Reason.TTL
        if not self.srv.entries or host is None or not host.known:
            return (State.OFFLINE, gone or Reason.NO_ANSWER) if was_up else (State.FOUND, None)
        # RFC 6763 §6: "Every DNS-SD service MUST have a TXT record". One that does not come,
        # though it was asked for, does not keep the service from being shown, nor does IPv4.
        whole = self.txt.entries and host.settled
        if not (whole or was_up or self.looks >= LOOKS_ENOUGH):
            return State.FOUND, None
        silent = self.srv.silent or self.ptr.silent or host.silent
        return (State.STALE if silent else State.ONLINE), None

    def move_to(self, state: State, reason: Reason | None, host: Host | None) -> set[str]:
        """Take the state; returns the names of the fields that changed."""
        was, self.state, self.reason = self.state, state, reason
        self._snapshot = None
        changed = {"state"} if state is not was else set()
        if state is State.OFFLINE or self.leaving:
            return changed
        before, srv, txt = self.content, self.best_srv, self.txt.newest()
        ttls_s = [e.ttl_s for one in (self.ptr, self.srv) for e in one.entries.values()]
        self.content = Content(
            srv=srv or before.srv,
            addresses=(host.addresses if host else ()) or before.addresses,
            txt=txt.data if txt and isinstance(txt.data, bytes) else before.txt,
            subtypes=tuple(self.subtypes),
            interfaces=tuple({key[0]: None for one in self.sets for key in one.entries}),
            ttl_s=min(ttls_s, default=0),
        )
        # Of a service that was not shown yet, nobody knows what has changed.
        known = was in UP
        return changed | before.changes(self.content) if known else changed

    def snapshot(self) -> ServiceInstance:
        if self._snapshot is None:
            content = self.content
            self._snapshot = ServiceInstance(
                id=self.id,
                name=self.instance,
                type=self.type,
                domain=self.domain,
                subtypes=content.subtypes,
                host=content.srv.target,
                port=content.srv.port,
                priority=content.srv.priority,
                weight=content.srv.weight,
                addresses=content.addresses,
                interfaces=content.interfaces,
                txt=decode(content.txt),
                txt_raw=content.txt,
                state=self.state or State.FOUND,
                reason=self.reason,
                ttl_s=content.ttl_s,
                first_seen_s=self.first_seen_s,
                last_seen_s=self.last_seen_s,
                findings=self.findings,
            )
        return self._snapshot
