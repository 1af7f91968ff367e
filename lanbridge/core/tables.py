"""What the registry keeps, found by name, id, type and host, and how much of it there may be."""

from collections import Counter

from lanbridge.core.addresses import Address
from lanbridge.core.deadlines import VOID
from lanbridge.core.events import Moment
from lanbridge.core.name_faults import MAX_LABEL_BYTES
from lanbridge.core.names import fold, is_valid_type
from lanbridge.core.presence import Host, Service

# Each bound stops one stranger from filling memory with names he makes up. At a bound the
# services that were there first stay, the newcomer is refused and counted.
MAX_SERVICES = 10_240
MAX_HOSTS = 10_240
# A machine that makes up names has one address, or a few: others have room all the same.
MAX_SERVICES_PER_SOURCE = 4_096
MAX_SERVICES_PER_HOST = 1_024  # each new address of a host is work for every service on it
MAX_FINDINGS = 256

SETTLED_S = 3_600.0  # who was there for so long makes no room for a newcomer while he is away


class Tables:
    """Services and hosts. refused counts by table what found no room, findings the sentences."""

    def __init__(self) -> None:
        self.services: dict[str, Service] = {}
        self.by_id: dict[str, Service] = {}
        self.hosts: dict[str, Host] = {}
        self.by_browse_name: dict[str, dict[Service, None]] = {}
        self._from: Counter[Address] = Counter()  # services by who was the first to tell of them
        # Offline; the one that left first comes first. Made-up names come and go within minutes,
        # the printer that is switched off at night has been there for a day.
        self._gone_early: dict[Service, None] = {}
        self._gone_settled: dict[Service, None] = {}
        self.forgotten: list[str] = []  # ids
        self.refused: Counter[str] = Counter()
        self.findings: Counter[str] = Counter()

    def refuse(self, what: str, finding: str = "") -> None:
        self.refused[what] += 1
        if finding:
            self.note(finding)

    def note(self, finding: str) -> None:
        """Keep what was wrong with something a stranger sent; bounded, counted."""
        if finding in self.findings or len(self.findings) < MAX_FINDINGS:
            self.findings[finding] += 1
        else:
            self.refuse("findings")

    def add(
        self,
        target: str,
        parts: tuple[str, str, str],
        owner: str,
        now: Moment,
        source: Address | None = None,
    ) -> Service | None:
        """A new service, or None where there is no room or the name is none.

        source: who tells of it; None: it was known before a restart.
        """
        # Two labels, or bytes that are no UTF-8: asked for, it would be another name.
        if len(parts[0].encode("utf-8", "replace")) > MAX_LABEL_BYTES:
            self.refuse("records", f"{target} is no instance name: it has over 63 bytes")
            return None
        if source is not None and self._from[source] >= MAX_SERVICES_PER_SOURCE:
            self.refuse("services-of-one-source")
            return None
        if len(self.services) >= MAX_SERVICES:
            if not self._gone_early:
                self.refuse("services")
                return None
            self.forget(next(iter(self._gone_early)))
        service = Service(target, parts, owner, now)
        if not is_valid_type(service.type):
            service.findings += (f"{service.type} is no service type by RFC 6335 §5.1",)
        if source is not None:
            service.source = source
            self._from[source] += 1
        self.services[service.key] = service
        self.by_id[service.id] = service
        self.by_browse_name.setdefault(service.ptr_key, {})[service] = None
        return service

    def forget(self, service: Service) -> None:
        self.clear(service)
        self.is_back(service)
        del self.services[service.key]
        del self.by_id[service.id]
        self.forgotten.append(service.id)
        if service.source is not None:
            self._from[service.source] -= 1
            if not self._from[service.source]:
                del self._from[service.source]
        siblings = self.by_browse_name[service.ptr_key]
        del siblings[service]
        if not siblings:
            del self.by_browse_name[service.ptr_key]
        service.planned_s = VOID

    def clear(self, service: Service) -> None:
        """Drop its records; what it was last is kept.

        A PTR left over would go out as a known answer and keep the device from answering.
        """
        for records in service.sets:
            records.clear()
        self.leave_host(service)
        service.ended_by_goodbye = False

    def is_gone(self, service: Service) -> None:
        """It is offline from now on."""
        settled = service.last_seen_s - service.first_seen_s >= SETTLED_S
        (self._gone_settled if settled else self._gone_early)[service] = None

    def is_back(self, service: Service) -> None:
        self._gone_early.pop(service, None)
        self._gone_settled.pop(service, None)

    def move_to_host(self, service: Service, target: str) -> bool:
        """List the service under the host of its SRV; False if it is there, or cannot be."""
        key = fold(target)
        if service.host_key == key or not key:
            return False
        self.leave_host(service)
        host = self.hosts.get(key)
        if host is not None and len(host.services) >= MAX_SERVICES_PER_HOST:
            self.refuse("services-of-one-host")
            return False
        if host is None:
            if len(self.hosts) >= MAX_HOSTS:
                self.refuse("hosts")
                return False
            host = self.hosts[key] = Host(target)
        host.services[service] = None
        service.host_key = key
        return True

    def leave_host(self, service: Service) -> None:
        host = self.hosts.get(service.host_key)
        if host is not None:
            host.services.pop(service, None)
            if not host.services:
                del self.hosts[service.host_key]
                for records in host.sets:
                    records.clear()
        service.host_key = ""

    def owners(self) -> list[Service | Host]:
        """Everything that has records."""
        return [*self.services.values(), *self.hosts.values()]

    def host_of(self, service: Service) -> Host | None:
        return self.hosts.get(service.host_key)
