"""Who holds UDP 5353: every process, and whether we can have it too."""

from collections.abc import Iterator

from lanbridge.core.port_holders import blame, named
from lanbridge.doctor.finding import Evidence, Finding, Severity, ok
from lanbridge.doctor.host import Host


def check(host: Host) -> Iterator[Finding]:
    """Several holders are usual; one that does not share is the end of discovery."""
    evidence: Evidence = {
        str(one): f"{one.sockets} sockets, user {one.user}" for one in host.holders
    }
    taken = sorted({one.problem for one in host.heard if one.problem})
    if taken:
        rule, remedy = blame(host.holders)
        yield Finding(
            severity=Severity.PROBLEM,
            sentence=f"UDP 5353 cannot be had: {rule}" if host.holders else taken[0],
            evidence=evidence,
            consequence="lanbridge hears no device and cannot be found on these links.",
            remedy=remedy,
        )
        return
    foreign = [one for one in host.holders if not one.is_lanbridge]
    if any(one.pid is None for one in host.holders):
        yield Finding(
            severity=Severity.NOTE,
            sentence=f"UDP 5353 is held by {named(host.holders)}",
            evidence=evidence,
            consequence="It shares the port. Which program it is, only root can see, or in a "
            "container only the host.",
            remedy="sudo ss -ulpn sport = 5353",
        )
    elif foreign:
        yield Finding(
            severity=Severity.NOTE,
            sentence=f"{named(foreign)} {'share' if len(foreign) > 1 else 'shares'} UDP 5353",
            evidence=evidence,
            consequence="Multicast reaches all of them. An answer sent to one host reaches one of "
            "them only, so lanbridge asks again by multicast after a second.",
        )
    else:
        yield ok(f"UDP 5353 is held by {named(host.holders) or 'nobody'}", **evidence)
