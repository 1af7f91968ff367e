"""Records become services and hosts: which record says what of whom (RFC 6763 §4 to §7)."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from lanbridge.core.cache import Entry, RecordSet
from lanbridge.core.deadlines import Deadlines
from lanbridge.core.events import Moment, PacketHeard
from lanbridge.core.known_types import KnownTypes
from lanbridge.core.names import SERVICE_META, fold, split_instance
from lanbridge.core.orphans import Orphans
from lanbridge.core.presence import Host, Service
from lanbridge.core.records import Nsec, Record, RecordType
from lanbridge.core.tables import Tables

if TYPE_CHECKING:
    from lanbridge.core.addresses import Address

# RFC 6763 §6.2 recommends 1,300 at most. Four of these for each service that a stranger makes up
# is what he can fill.
MAX_TXT_BYTES = 2_048

Plan = tuple[Entry, Service | Host, RecordSet] | tuple[Service]

_ORDER = {int(RecordType.PTR): 0, int(RecordType.SRV): 1, int(RecordType.TXT): 2}


class Intake:
    """Puts records where they belong and plans when each is looked at again.

    What a packet touches goes into `touched`; what that means for a service is for the registry.
    """

    def __init__(
        self, tables: Tables, deadlines: Deadlines[Plan], wanted: Iterable[str] | None
    ) -> None:
        self._tables = tables
        self._deadlines = deadlines
        self._wanted = wanted
        self.types = KnownTypes(tables.refuse)
        self.orphans = Orphans()
        self._source: Address | None = None  # of the packet that is being taken in

    def hear(self, packet: PacketHeard, now: Moment, touched: dict[Service, None]) -> None:
        # PTR before SRV before the rest: each makes sense of the next, in whatever order a
        # packet holds them.
        self._source = packet.source
        records = sorted(packet.records, key=lambda record: _ORDER.get(record.type, len(_ORDER)))
        for record in records:
            self._take(packet.interface, record, now, touched)
        if packet.source.version == 4:
            self._note_announcer(packet, now)

    def _note_announcer(self, packet: PacketHeard, now: Moment) -> None:
        """Whose name it is, by who has that address and says so; and of which services he tells."""
        for record in packet.records:
            if record.data == packet.source and record.type == RecordType.A and record.flush:
                host = self._tables.hosts.get(fold(record.name))
                if host is not None and record.ttl_s:
                    host.announcers.announce(packet.interface, packet.source, now.mono_s)
        for record in packet.records:
            if record.type == RecordType.SRV and record.ttl_s:
                service = self._tables.services.get(key := fold(record.name))
                if service is not None and (host := self._tables.host_of(service)) is not None:
                    host.announcers.tell(packet.source, key)

    def _take(
        self, interface: str, record: Record, now: Moment, touched: dict[Service, None]
    ) -> None:
        match record.type:
            case RecordType.PTR:
                self._take_pointer(interface, record, now, touched)
            case RecordType.TXT if (
                isinstance(record.data, bytes) and len(record.data) > MAX_TXT_BYTES
            ):
                length = len(record.data)
                self._tables.refuse("txt", f"the TXT record of {record.name} has {length} bytes")
            case RecordType.SRV | RecordType.TXT:
                service = self._tables.services.get(fold(record.name))
                if service is None:
                    self.orphans.keep(interface, record, now.mono_s)
                    return
                service.heard(now)
                changed = self._hear_in(
                    service.set_of(record.type), interface, record, now, service
                )
                if changed or service.best_srv != service.content.srv:
                    touched[service] = None
                    self.follow_target(service, now, touched)
            case RecordType.NSEC:
                host = self._tables.hosts.get(fold(record.name))
                if host is not None and isinstance(record.data, Nsec):
                    host.denies_ipv4 = RecordType.A not in record.data.types
            case RecordType.A | RecordType.AAAA:
                host = self._tables.hosts.get(fold(record.name))
                if host is None:
                    self.orphans.keep(interface, record, now.mono_s)
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
            self.types.learn(target)
            return
        parts = split_instance(target)
        if parts is None or not fold(target).endswith(
            "." + (base := owner.rpartition("._sub.")[2])
        ):
            if owner.endswith(".arpa"):
                return  # reverse mapping: true, and of no use here
            fault = f"PTR {record.name} names {target}, which is no instance of that type"
            self._tables.refuse("records", fault)
            return
        is_subtype = base != owner
        if self._wanted is not None and owner not in self._wanted:
            return
        service = self._tables.services.get(fold(target))
        if service is None:
            if record.ttl_s == 0 or (is_subtype and self._wanted is None):
                return
            service = self._tables.add(target, parts, record.name, now, self._source)
            if service is None:
                return
        if record.ttl_s == 0 and service.leaving is not None:
            service.ended_by_goodbye = True  # of what was not heard since a restart, too
            touched[service] = None
        if is_subtype and service.add_subtype(record.name):
            touched[service] = None
        if (not is_subtype or service.ptr_key == owner) and self._hear_in(
            service.ptr, interface, record, now, service
        ):
            touched[service] = None
        self.types.learn(base)
        service.heard(now)
        self._adopt(service.key, now, touched)

    def follow_target(self, service: Service, now: Moment, touched: dict[Service, None]) -> None:
        """Keep the service listed under the host that its SRV names."""
        srv = service.best_srv
        if srv is not None and self._tables.move_to_host(service, srv.target):
            self._adopt(service.host_key, now, touched)

    def _adopt(self, key: str, now: Moment, touched: dict[Service, None]) -> None:
        for interface, record, heard_s in self.orphans.adopt(key, now.mono_s):
            then = Moment(heard_s, now.unix_s - (now.mono_s - heard_s))
            self._take(interface, record, then, touched)

    def _hear_in(
        self, records: RecordSet, interface: str, record: Record, now: Moment, owner: Service | Host
    ) -> bool:
        def plan(entry: Entry) -> None:
            self._deadlines.plan(entry.due_s(), (entry, owner, records))

        return records.hear(interface, record, now.mono_s, plan)
