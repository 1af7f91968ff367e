"""Addresses cross-wired: whoever opens one host gets another one (docs/adr/0028)."""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import NamedTuple

from lanbridge.core.addresses import Address
from lanbridge.core.announcers import FOUGHT_S
from lanbridge.core.presence import Host

MAX_CROSSED = 64  # alarms at a time: names are made up easily


class Crossed(NamedTuple):
    """`owner` announces itself from `address`, which `claimant` names too.

    source: from where that one announces itself; None: from there, before the owner came.
    """

    address: Address
    owner: str
    claimant: str
    source: Address | None


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
            known = owners.setdefault((last.interface, last.source), host).announcers.last
            if known is not None and known.since_s < last.since_s:
                owners[last.interface, last.source] = host
    found = (one for host in hosts for one in _claims(host, owners))
    return list(islice(found, MAX_CROSSED))


def _claims(host: Host, owners: dict[tuple[str, Address], Host]) -> Iterator[Crossed]:
    last = host.announcers.last
    if last is None:
        return
    for (interface, address), entry in host.a.entries.items():
        owner = owners.get((interface, address))  # type: ignore[arg-type]
        if owner is None or owner is host or entry.goodbye:
            continue
        theirs = owner.announcers.last
        assert theirs is not None
        if theirs.source == last.source:
            # It has lost this lease long ago, to the owner, and goes on naming it from elsewhere.
            if theirs.since_s > last.at_s and entry.heard_s - last.at_s >= FOUGHT_S:
                yield Crossed(theirs.source, owner.a.name, host.a.name, None)
        elif entry.heard_s >= last.at_s and not _is_one_machine(host, owner):
            yield Crossed(theirs.source, owner.a.name, host.a.name, last.source)


def _is_one_machine(host: Host, owner: Host) -> bool:
    """avahi's name and ours, for example, on one host with two network cards or addresses."""
    assert host.announcers.last is not None
    named = {address for _, address in owner.a.entries}
    return host.announcers.last.source in named or host.announcers.overlaps(owner.announcers)
