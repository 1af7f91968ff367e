"""What the registry knows: service instances, and the devices they live on."""

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

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


class Presence(NamedTuple):
    """From `at_unix_s` on, some service of a device was there, or none was."""

    at_unix_s: float
    up: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """What belongs together: the services of one host, mostly.

    label, notes: what a person wrote of it. mac: its hardware address, where the neighbour table
    has it. merged: ids of devices that a person said are this one.
    """

    id: str
    host: str
    services: tuple[ServiceInstance, ...]
    label: str = ""
    notes: str = ""
    mac: str | None = None
    merged: tuple[str, ...] = ()
    first_seen_s: float = 0.0
    last_seen_s: float = 0.0
    presence: tuple[Presence, ...] = ()

    @property
    def addresses(self) -> tuple[HeardAddress, ...]:
        return tuple(dict.fromkeys(heard for one in self.services for heard in one.addresses))

    @property
    def state(self) -> State:
        """The best state of its services: a device with one service online is online."""
        states = (one.state for one in self.services)
        return min(states, key=_BEST_FIRST.index, default=State.OFFLINE)


_BEST_FIRST = (State.ONLINE, State.STALE, State.FOUND, State.OFFLINE)


def stable_id(name: str) -> str:
    """16 hex digits that stay the same for one name, however its case is spelt."""
    from hashlib import blake2b  # it brings OpenSSL along, which `discover` can load meanwhile

    return blake2b(fold(name).encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()
