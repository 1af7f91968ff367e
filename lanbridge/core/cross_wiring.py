"""Addresses cross-wired: whoever opens one host gets another one (docs/adr/0028)."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from lanbridge.core.addresses import Address
from lanbridge.core.presence import Host

MAX_CROSSED = 64  # alarms at a time: names are made up easily


class Crossed(NamedTuple):
    """`owner` announces itself from `address`; so does `claimant` from `source`, and names both."""

    address: Address
    owner: str
    claimant: str
    source: Address


def crossed(hosts: Iterable[Host]) -> list[Crossed]:
    """Addresses that two machines say are theirs, by what they said last.

    Only who announces himself from elsewhere is a second machine: `avahi-publish -a` and
    `lanbridge advertise --address` lend hardware a second name and announce it from an address
    that the name does not have.
    """
    hosts = list(hosts)
    owners: dict[tuple[str, Address], Host] = {}
    for host in hosts:
        if (last := host.announcers.last) is not None:
            owners.setdefault((last.interface, last.source), host)
    found = (one for host in hosts for one in _claims(host, owners))
    return [one for one, _ in zip(found, range(MAX_CROSSED), strict=False)]


def _claims(host: Host, owners: dict[tuple[str, Address], Host]) -> Iterator[Crossed]:
    last = host.announcers.last
    if last is None or len(host.a.entries) < 2:
        return
    for (interface, _), entry in host.a.entries.items():
        owner = owners.get((interface, entry.data))  # type: ignore[arg-type]
        if (
            owner is None
            or owner is host
            or entry.goodbye
            or entry.heard_s < last.at_s  # an old lease, which it does not name any more
            or _is_one_machine(host, owner)
        ):
            continue
        assert owner.announcers.last is not None
        address = owner.announcers.last.source
        yield Crossed(address, owner.a.name, host.a.name, last.source)


def _is_one_machine(host: Host, owner: Host) -> bool:
    """avahi's name and ours, for example, on one host with two network cards or addresses."""
    assert host.announcers.last is not None
    named = {address for _, address in owner.a.entries}
    return host.announcers.last.source in named or host.announcers.overlaps(owner.announcers)
