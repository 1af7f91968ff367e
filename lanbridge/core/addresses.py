"""Same subnet, and not myself: the headline promise, answered from the interfaces of this moment.

`is_mine` and `same_subnet` are separate questions: 10.0.1.2/16 has 10.0.9.9 in its subnet and is
still another machine. `classify` joins them for this host; for somebody else's phone ask a Viewer.
Reasons are clauses without a full stop.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from ipaddress import (
    IPv4Address,
    IPv4Interface,
    IPv4Network,
    IPv6Address,
    IPv6Interface,
    IPv6Network,
    ip_address,
    ip_network,
)
from typing import NamedTuple, Protocol

from lanbridge.core.errors import InvalidAddress, InvalidPort
from lanbridge.core.text import printable

Address = IPv4Address | IPv6Address
Interface = IPv4Interface | IPv6Interface
Network = IPv4Network | IPv6Network

MAX_VERDICTS = 8_192  # kept per state: a flood of made-up addresses empties the memory, no more
_EDGELESS = 31  # RFC 3021: from /31 on, no address is set aside for network and broadcast
# All else is unassigned (RFC 4291 §2.4), and ipaddress takes fifteen comparisons to say so.
_IPV6_UNICAST = (IPv6Network("2000::/3"), IPv6Network("fc00::/7"), IPv6Network("fe80::/9"))
_NAMED = 4  # addresses or prefixes named in one reason
_NETWORK_REMEDY = "write it like 192.168.1.0/24 or fd00::/8"
_ADDRESS_REMEDY = "write it like 192.168.1.20 or fe80::1%eth0"


@dataclass(frozen=True, slots=True)
class NetworkInterface:
    """One interface. `used`: taken by the policy; `why`: one sentence, why in or out.

    passing: addresses that are ours and nobody is told of, for they go soon: temporary ones
    (RFC 8981) and deprecated ones. carrier_changes: how often the link went or came, by the kernel.
    """

    name: str
    index: int
    addresses: tuple[Interface, ...]
    mac: str | None
    mtu_bytes: int | None
    up: bool
    loopback: bool
    multicast: bool
    point_to_point: bool
    used: bool
    why: str
    passing: tuple[Interface, ...] = ()
    carrier_changes: int | None = None


class _Prefix(NamedTuple):
    network: Network
    interface: NetworkInterface


class _Index(NamedTuple):
    """What `classify` looks up: it is asked for every address of every listing."""

    owners: dict[bytes, tuple[_Prefix, ...]]  # by packed address, so without scope
    prefixes: tuple[_Prefix, ...]  # longest first
    others: tuple[_Prefix, ...]  # of interfaces that do not count, for the reason's sake
    edges: dict[Address, str]
    scopes: dict[str, NetworkInterface]  # by name and by index
    verdicts: dict[tuple[Address, str | None], "AddressVerdict"]


@dataclass(frozen=True, slots=True)
class NetworkState:
    """All interfaces of this host at one moment, used or not."""

    interfaces: tuple[NetworkInterface, ...]
    gateways: tuple[Address, ...] = ()
    _index: _Index = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        owners: dict[bytes, tuple[_Prefix, ...]] = {}
        prefixes: list[_Prefix] = []
        others: list[_Prefix] = []
        edges: dict[Address, str] = {}
        for interface in self.interfaces:
            for own in (*interface.addresses, *interface.passing):
                prefix, network = _Prefix(own.network, interface), own.network
                packed = unmapped(own.ip).packed
                owners[packed] = (*owners.get(packed, ()), prefix)
                if own in interface.passing:
                    continue
                if _left_out(interface):
                    others.append(prefix)
                    continue
                prefixes.append(prefix)
                where = f"address of {network} on {interface.name}"
                for kind, edge in zip(("network", "broadcast"), set_aside(network), strict=False):
                    edges[edge] = f"the {kind} {where}"
        prefixes.sort(key=lambda prefix: -prefix.network.prefixlen)
        scopes = {str(interface.index): interface for interface in self.interfaces}
        scopes |= {interface.name: interface for interface in self.interfaces}
        index = _Index(owners, tuple(prefixes), tuple(others), edges, scopes, {})
        object.__setattr__(self, "_index", index)

    @property
    def used(self) -> tuple[NetworkInterface, ...]:
        """The interfaces that the policy takes."""
        return tuple(interface for interface in self.interfaces if interface.used)

    @property
    def own_addresses(self) -> tuple[Address, ...]:
        """Every address of every interface, used or not; ask `is_mine` for membership."""
        return tuple(
            own.ip
            for interface in self.interfaces
            for own in (*interface.addresses, *interface.passing)
        )

    def by_name(self, name: str) -> NetworkInterface | None:
        """The interface of that name, or None."""
        return next((each for each in self.interfaces if each.name == name), None)


class Relation(StrEnum):
    """What an address is to this host; `classify` has the order of precedence."""

    SELF = "self"
    SAME_SUBNET = "same-subnet"
    OTHER_SUBNET = "other-subnet"
    LOOPBACK = "loopback"
    UNUSABLE = "unusable"


@dataclass(frozen=True, slots=True)
class AddressVerdict:
    """interface and network: ours that decided, None where none did. reason: for a person."""

    address: Address
    relation: Relation
    interface: str | None
    network: Network | None
    reason: str

    @property
    def ok(self) -> bool:
        """Whether it is in our subnet and not ourselves."""
        return self.relation is Relation.SAME_SUBNET


def is_mine(address: Address, state: NetworkState) -> bool:
    """Whether an interface, used or not, has exactly this address. No prefix is looked at."""
    return _own(unmapped(address), state) is not None


def same_subnet(address: Address, state: NetworkState) -> NetworkInterface | None:
    """The interface whose prefix holds `address`, our own included; the longest prefix wins.

    Only interfaces that are used, up and neither loopback nor point-to-point count.
    """
    home = _home(unmapped(address), state, None)
    return home.interface if home else None


def classify(address: Address, state: NetworkState, heard_on: str | None = None) -> AddressVerdict:
    """What `address` is to this host, and why: LOOPBACK, UNUSABLE, SELF, SAME_SUBNET, OTHER_SUBNET.

    The first that fits counts. heard_on: the interface a record with this address came in by; it
    is the scope of a link-local address that has none, and the verdict's address then bears it.
    IPv4-mapped IPv6 is judged, and returned, as the IPv4 address.
    """
    verdicts = state._index.verdicts
    verdict = verdicts.get((address, heard_on))
    if verdict is None:
        if len(verdicts) >= MAX_VERDICTS:
            verdicts.clear()
        verdict = verdicts[address, heard_on] = _judge(address, state, heard_on)
    return verdict


@dataclass(frozen=True, slots=True)
class Reach:
    """address: the one to use, where there is one; reason: why there is none."""

    reachable: bool
    reason: str | None
    address: Address | None


class Viewer(Protocol):
    """The phone or dashboard that asks; `wechat.lan.Phone` is one, and has the rule it lives by."""

    def reach(self, addresses: Sequence[Address], port: int) -> Reach:
        """Whether it may talk to a service, and at which of its addresses."""


def parse_address(text: str) -> Address:
    """An IPv4 or IPv6 literal, scope allowed; raises InvalidAddress."""
    try:
        if text.isascii() and text.isprintable() and " " not in text:
            return ip_address(text)
    except ValueError:
        pass
    raise InvalidAddress(text, "it is not an IPv4 or IPv6 address", _ADDRESS_REMEDY)


def parse_network(text: str) -> Network:
    """A prefix like 10.0.0.0/24, or one address; raises InvalidAddress."""
    try:
        return ip_network(text)
    except ValueError as error:
        raise InvalidAddress(text, f"it is no network ({error})", _NETWORK_REMEDY) from None


def parse_port(text: str | int) -> int:
    """A port from 1 to 65535; raises InvalidPort."""
    digits = str(text)
    if len(digits) <= 5 and digits.isascii() and digits.isdigit() and 1 <= int(digits) <= 65535:
        return int(digits)
    raise InvalidPort(digits, "it is not a whole number from 1 to 65535")


def unmapped(address: Address) -> Address:
    """IPv4-mapped IPv6 (RFC 4291 §2.5.5.2) as the IPv4 address, all else as it is."""
    return (isinstance(address, IPv6Address) and address.ipv4_mapped) or address


def unusable(address: Address) -> str | None:
    """What forbids `address` on every network, or None. IPv6 has no broadcast."""
    if address.is_unspecified:
        return "the unspecified address"
    if address.is_multicast:
        return "a multicast address, not one machine"
    if address.version == 6:
        known = any(address in network for network in _IPV6_UNICAST)
        return None if known else "in a reserved range"
    if address == IPv4Address(0xFFFFFFFF):
        return "the broadcast address"
    return "in a reserved range" if address.is_reserved or address.packed[0] == 0 else None


def set_aside(network: Network) -> tuple[Address, ...]:
    """The network and the broadcast address, where there are such: IPv6 and /31 have none."""
    if network.version == 6 or network.prefixlen >= _EDGELESS:
        return ()
    return network.network_address, network.broadcast_address


def _left_out(interface: NetworkInterface) -> str | None:
    """Why an interface lends its prefixes to no verdict, or None if it does."""
    if interface.loopback:
        return "a loopback interface"
    if not interface.used:
        return f"an interface that is not used ({interface.why.rstrip('.')})"
    if not interface.up:
        return "an interface that is down"
    # Both ends of a tunnel are alone on it: its prefix says nothing about a shared subnet.
    return "a point-to-point link" if interface.point_to_point else None


def _is_link_local(address: Address) -> bool:
    return isinstance(address, IPv6Address) and address.is_link_local


def _scope(address: Address) -> str | None:
    return address.scope_id if isinstance(address, IPv6Address) else None


def _on(address: Address, interface: NetworkInterface) -> bool:
    """Whether a link-local address is meant for this interface: RFC 4007 §6; others always are."""
    scope = _scope(address) if _is_link_local(address) else None
    return scope is None or scope in (interface.name, str(interface.index))


def _own(address: Address, state: NetworkState) -> _Prefix | None:
    """The prefix that comes with `address` on the interface of ours that has it."""
    owners = state._index.owners.get(address.packed, ())
    return next((each for each in owners if _on(address, each.interface)), None)


def _home(address: Address, state: NetworkState, prefer: str | None) -> _Prefix | None:
    """The longest prefix that holds `address`, as a routing table; `prefer` breaks a tie."""
    if _is_link_local(address) and not _scope(address):
        return None  # RFC 4007 §6: without its zone it means nothing
    best: _Prefix | None = None
    for prefix in state._index.prefixes:
        if best and prefix.network.prefixlen < best.network.prefixlen:
            break
        if address in prefix.network and _on(address, prefix.interface):
            if prefix.interface.name == prefer:
                return prefix
            best = best or prefix
    return best


def _judge(address: Address, state: NetworkState, heard_on: str | None) -> AddressVerdict:
    address = unmapped(address)
    if heard_on and "%" not in heard_on and _is_link_local(address) and not _scope(address):
        address = IPv6Address(f"{address}%{heard_on}")
    text = printable(str(address))

    def verdict(relation: Relation, reason: str, at: _Prefix | None = None) -> AddressVerdict:
        name, network = (at.interface.name, at.network) if at else (None, None)
        return AddressVerdict(address, relation, name, network, reason)

    if address.is_loopback:
        return verdict(Relation.LOOPBACK, f"{text} is a loopback address")
    if fault := unusable(address) or state._index.edges.get(address):
        return verdict(Relation.UNUSABLE, f"{text} is {fault}")
    if _is_link_local(address):
        scope = _scope(address)
        if not scope:
            reason = f"{text} is link-local, and nothing says on which interface"
            return verdict(Relation.UNUSABLE, reason)
        link = state._index.scopes.get(scope)
        if link is None or not (link.used and link.up):
            reason = f"{text} is link-local on an interface that is not used"
            return verdict(Relation.UNUSABLE, reason)
    if own := _own(address, state):
        reason = f"{text} is this host's own address on {own.interface.name}"
        return verdict(Relation.SELF, reason, own)
    if home := _home(address, state, heard_on):
        reason = f"{text} is in {home.network}, the subnet of {home.interface.name}"
        return verdict(Relation.SAME_SUBNET, reason, home)
    return verdict(Relation.OTHER_SUBNET, _why_elsewhere(address, state, heard_on))


def _why_elsewhere(address: Address, state: NetworkState, heard_on: str | None) -> str:
    text = printable(str(address))
    for network, interface in state._index.others:
        if address in network and _on(address, interface):
            return f"{text} is in {network} of {interface.name}, {_left_out(interface)}"
    if heard_on:
        # RFC 6762 §11 deems all that came by link-local multicast local "regardless of source IP
        # address", so that several subnets on one wire work: heard and elsewhere is no paradox.
        return (
            f"heard on {printable(heard_on)}, but {text} is in none of its prefixes: "
            "wrong mask, or a second subnet on the same wire"
        )
    ours = [f"{network} on {interface.name}" for network, interface in state._index.prefixes]
    return f"{text} is in no subnet of this host ({', '.join(ours[:_NAMED]) or 'it has none'})"
