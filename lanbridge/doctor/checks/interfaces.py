"""Which interfaces are used, and why the others are not."""

from collections.abc import Iterator

from lanbridge.core.addresses import NetworkInterface
from lanbridge.doctor.finding import Finding, Severity, ok
from lanbridge.doctor.host import Host


def check(host: Host) -> Iterator[Finding]:
    """A problem only if there is none at all."""
    others = [one for one in host.network.interfaces if not (one.used or one.loopback)]
    evidence = {one.name: one.why for one in others}
    if host.used:
        names = ", ".join(one.name for one in host.used)
        used = {one.name: [str(each) for each in one.addresses] for one in host.used}
        yield ok(f"mDNS runs on {names}", **used)
        if others:
            yield Finding(
                severity=Severity.NOTE,
                sentence=f"mDNS does not run on {', '.join(evidence)}",
                evidence=evidence,
                consequence="Nothing is found or advertised there.",
            )
        return
    yield Finding(
        severity=Severity.PROBLEM,
        sentence="there is no usable interface",
        evidence=evidence,
        consequence="lanbridge finds nothing and nobody finds it; the daemon waits for a network.",
        remedy=_remedy(others),
    )


def _remedy(others: list[NetworkInterface]) -> str:
    """For the interface that is nearest to being usable."""
    for one in others:
        if not one.up and not one.point_to_point:
            return f"plug in its cable or join a Wi-Fi, or `sudo ip link set {one.name} up`"
        if one.up and not one.addresses:
            return f"give it an address: check DHCP, `ip address show {one.name}`"
    if others:
        return f"lanbridge serve --interfaces-include {others[0].name}"
    return "connect the host to a network; a container needs --network host"
