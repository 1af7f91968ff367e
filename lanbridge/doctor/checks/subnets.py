"""Two interfaces in one subnet: the same network twice, or two networks with the same numbers."""

from collections.abc import Iterator
from itertools import combinations

from lanbridge.core.addresses import NetworkInterface
from lanbridge.doctor.finding import Finding, Severity, ok
from lanbridge.doctor.host import Host


def check(host: Host) -> Iterator[Finding]:
    """Our own question tells the two apart: what is sent on one comes in by the other, or not."""
    found = False
    for one, other in combinations(host.used, 2):
        shared = sorted(_networks(one) & _networks(other))
        if shared:
            found = True
            yield _judge(one.name, other.name, shared, _is_one_wire(host, one.name, other.name))
    if not found and host.used:
        yield ok("no two interfaces are in one subnet")


def _judge(one: str, other: str, shared: list[str], same_wire: bool) -> Finding:
    evidence = {"subnets": shared, "one_network": same_wire}
    if same_wire:
        return Finding(
            severity=Severity.NOTE,
            sentence=f"{one} and {other} are on one network",
            evidence=evidence,
            consequence="It works; every device is heard twice, and answers may leave by either.",
        )
    return Finding(
        severity=Severity.WARNING,
        sentence=f"{one} and {other} are two networks with the same numbers, {', '.join(shared)}",
        evidence=evidence,
        consequence="This host sends to one of them only: devices of the other are found by mDNS "
        "and cannot be reached.",
        remedy=f"give one of the networks another subnet, or: lanbridge serve --interfaces-exclude "
        f"{other}",
    )


def _networks(interface: NetworkInterface) -> set[str]:
    """IPv6 link-local is the same everywhere, and means nothing."""
    return {str(own.network) for own in interface.addresses if not own.ip.is_link_local}


def _is_one_wire(host: Host, *names: str) -> bool:
    return any(one.interface in names and one.came_back_on.issuperset(names) for one in host.heard)
