"""Another lanbridge with the same identity: a memory card was copied."""

from collections.abc import Iterator

from lanbridge.core.addresses import is_mine, parse_address
from lanbridge.core.errors import InvalidAddress
from lanbridge.doctor.finding import Finding, Severity, ok
from lanbridge.doctor.host import Host


def check(host: Host) -> Iterator[Finding]:
    """By the id in the TXT record, at an address that is not ours."""
    own = host.daemon_id or host.id
    others = {
        one: heard.interface
        for heard in host.heard
        for one in heard.lanbridges
        if not any(_is_ours(host, address) for address in one.addresses)
    }
    twins = {one: where for one, where in others.items() if own is not None and one.id == own}
    if not twins:
        if any(heard.problem is None for heard in host.heard):
            names = sorted({one.name for one in others})
            yield ok("no other lanbridge has this one's identity", others=names)
        return
    addresses = sorted({address for one in twins for address in one.addresses})
    yield Finding(
        severity=Severity.PROBLEM,
        sentence=f"another lanbridge, at {', '.join(addresses)}, has this one's identity",
        evidence={"id": own, "names": sorted({one.name for one in twins})},
        consequence="Dashboards and phones take the two for one, and they fight over their names. "
        "A copied memory card does this.",
        remedy=f"on one of them: sudo rm {host.settings.state_dir}/instance-id && sudo systemctl "
        "restart lanbridge",
    )


def _is_ours(host: Host, address: str) -> bool:
    try:
        return is_mine(parse_address(address), host.network)
    except InvalidAddress:
        return False
