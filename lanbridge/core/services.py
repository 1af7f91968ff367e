"""What the registry knows: service instances, and the devices they live on."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from lanbridge.core.addresses import Address
from lanbridge.core.names import fold
from lanbridge.core.txt import TxtRecord


class State(StrEnum):
    FOUND = "found"  # its PTR was heard; where it is, is not known yet
    ONLINE = "online"
    STALE = "stale"  # asked again near the end of a record's life, no answer so far
    OFFLINE = "offline"


UP = (State.ONLINE, State.STALE)  # where it is, is known


class Reason(StrEnum):
    """Why a service instance is offline."""

    GOODBYE = "goodbye"  # it said so, RFC 6762 §10.1
    TTL = "ttl"  # its PTR record ran out
    NO_ANSWER = "no-answer"  # its SRV or addresses ran out although we asked


@dataclass(frozen=True, slots=True)
class HeardAddress:
    """One address of a host, and the link it was heard on."""

    address: Address
    interface: str


_NO_TXT = TxtRecord((), ())


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceInstance:
    """A service instance (RFC 6763 §4.1) with all that was resolved of it so far.

    `host`, `port` and `addresses` are empty while `state` is `found`; times are Unix seconds.
    Port 0 is a placeholder that is never dialled (RFC 6763 §8).
    """

    id: str
    name: str
    type: str
    domain: str
    subtypes: tuple[str, ...] = ()
    host: str = ""
    port: int = 0
    priority: int = 0
    weight: int = 0
    addresses: tuple[HeardAddress, ...] = ()
    interfaces: tuple[str, ...] = ()
    txt: TxtRecord = _NO_TXT
    txt_raw: bytes = b""
    state: State = State.FOUND
    reason: Reason | None = None
    ttl_s: int = 0
    first_seen_s: float = 0.0
    last_seen_s: float = 0.0
    findings: tuple[str, ...] = ()

    @property
    def fqdn(self) -> str:
        return f"{self.name}.{self.type}.{self.domain}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """The service instances that share one host name."""

    id: str
    host: str
    services: tuple[ServiceInstance, ...]

    @property
    def addresses(self) -> tuple[HeardAddress, ...]:
        return tuple(dict.fromkeys(heard for one in self.services for heard in one.addresses))

    @property
    def state(self) -> State:
        """The best state of its services: a device with one service online is online."""
        return min((one.state for one in self.services), key=_BEST_FIRST.index)


def devices_of(services: Iterable[ServiceInstance]) -> Iterator[Device]:
    """Services grouped by host; one that is not resolved yet is a device of its own."""
    by_host: dict[str, list[ServiceInstance]] = {}
    for one in services:
        by_host.setdefault(fold(one.host or one.fqdn), []).append(one)
    for name, group in by_host.items():
        yield Device(id=stable_id(name), host=group[0].host, services=tuple(group))


_BEST_FIRST = (State.ONLINE, State.STALE, State.FOUND, State.OFFLINE)


def stable_id(name: str) -> str:
    """16 hex digits that stay the same for one name, however its case is spelt."""
    from hashlib import blake2b  # it brings OpenSSL along, which `discover` can load meanwhile

    return blake2b(fold(name).encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()
