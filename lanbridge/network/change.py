"""What differs between two looks at this host's interfaces, and what has to be done about it. Pure.

The need is decided here, once; whoever is told only does it.
"""

from dataclasses import dataclass, fields
from typing import NamedTuple

from lanbridge.core.addresses import Network, NetworkInterface, NetworkState


class Difference(NamedTuple):
    """One interface, and the sentence for a person."""

    interface: str
    reason: str


@dataclass(frozen=True, slots=True)
class Change:
    """Which interfaces need what; empty where nothing differs.

    links: came, went, or may be another network now. Sockets and memberships follow; on what is
    there, names are probed for (RFC 6762 §8) and everything is asked and verified anew.
    addresses: a link that stays says others of itself: announced (§8.4), asked anew.
    cosmetic: nothing to do, an MTU for example, or an interface that is not used.
    """

    links: tuple[Difference, ...] = ()
    addresses: tuple[Difference, ...] = ()
    cosmetic: tuple[Difference, ...] = ()

    def __add__(self, other: "Change") -> "Change":
        return Change(
            self.links + other.links,
            self.addresses + other.addresses,
            self.cosmetic + other.cosmetic,
        )

    @property
    def matters(self) -> bool:
        return bool(self.links or self.addresses)

    @property
    def renewed(self) -> frozenset[str]:
        """Names of the interfaces on which mDNS begins anew, as far as they are there."""
        return frozenset(one.interface for one in self.links)

    @property
    def reasons(self) -> tuple[str, ...]:
        """The sentences of what matters, each once."""
        return tuple(dict.fromkeys(one.reason for one in (*self.links, *self.addresses)))


def compare(before: NetworkState, after: NetworkState) -> Change:
    """What is to be done now that `before` has become `after`."""
    old = {one.name: one for one in before.interfaces}
    new = {one.name: one for one in after.interfaces}
    links, addresses, cosmetic = [], [], []
    for name in sorted(old.keys() | new.keys()):
        was, now = old.get(name), new.get(name)
        if was == now:
            continue
        if reason := _other_link(was, now):
            links.append(Difference(name, reason))
        elif was and now and now.used and set(was.addresses) != set(now.addresses):
            addresses.append(Difference(name, f"{name} changed: {_addresses(now)}"))
        else:
            cosmetic.append(Difference(name, _cosmetic(name, was, now)))
    return Change(tuple(links), tuple(addresses), tuple(cosmetic))


def everything(state: NetworkState, reason: str) -> Change:
    """Every link begins anew, for a reason that is not in the state of any."""
    return Change(links=tuple(Difference(one.name, reason) for one in state.used))


def _other_link(was: NetworkInterface | None, now: NetworkInterface | None) -> str | None:
    """Why a link that is or was used is not the one it was; None where it is."""
    if was is None or now is None:
        there = now or was
        assert there
        if not there.used:
            return None
        return f"{there.name} came: {_addresses(there)}" if now else f"{there.name} is gone"
    name = now.name
    if was.used != now.used:
        return f"{name} changed: {f'{now.why}; {_addresses(now)}' if now.used else now.why}"
    if not now.used:
        return None
    if was.index != now.index:
        return f"{name} is another interface than before, of the same name; {_addresses(now)}"
    if was.carrier_changes != now.carrier_changes:
        # Down and up between two looks: whatever is plugged in now may be another network.
        return f"{name} was without a link for a moment; {_addresses(now)}"
    before, after = _networks(was), _networks(now)
    if before and after and before.isdisjoint(after):
        return f"{name} is in another subnet: {_addresses(now)}"
    return None


def _networks(interface: NetworkInterface) -> set[Network]:
    """Those that tell one network from another: fe80::/64 is everywhere."""
    return {one.network for one in interface.addresses if not one.is_link_local}


def _addresses(interface: NetworkInterface) -> str:
    return ", ".join(map(str, interface.addresses)) or "no address"


def _cosmetic(name: str, was: NetworkInterface | None, now: NetworkInterface | None) -> str:
    if was is None or now is None:
        return f"{name} came: {now.why}" if now else f"{name} is gone; it was not used"
    told = [
        f"{field.name} {getattr(was, field.name)} is {getattr(now, field.name)} now"
        for field in fields(now)
        if getattr(was, field.name) != getattr(now, field.name)
    ]
    return f"{name}: {', '.join(told)}"
