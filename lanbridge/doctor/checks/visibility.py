"""Whether the daemon of this host is seen from a second socket, on every link."""

from collections.abc import Iterator

from lanbridge.doctor.finding import Finding, Severity, ok, unknown
from lanbridge.doctor.host import Host


def check(host: Host) -> Iterator[Finding]:
    """Without a daemon there is nothing to see."""
    if host.daemon_id is None:
        yield unknown(
            f"no lanbridge daemon answers on port {host.settings.port} of this host",
            "Phones and dashboards find nothing to talk to until it runs.",
            "lanbridge serve",
        )
        return
    asked = [one for one in host.heard if one.problem is None]
    seen = {
        one.interface for one in asked if any(each.id == host.daemon_id for each in one.lanbridges)
    }
    hidden = sorted({one.interface for one in asked} - seen)
    if seen:
        names = {each.name for one in asked for each in one.lanbridges if each.id == host.daemon_id}
        yield ok(f"{' and '.join(sorted(names))} is visible on {', '.join(sorted(seen))}")
    if hidden:
        yield Finding(
            severity=Severity.PROBLEM,
            sentence=f"the daemon runs, and is not visible on {', '.join(hidden)}",
            evidence={"asked_on": [one.where for one in asked], "id": host.daemon_id},
            consequence="It is not found there: it has not joined that link, cannot have UDP 5353, "
            "or is still looking for a free name.",
            remedy=f"curl -s http://127.0.0.1:{host.settings.port}/readyz says what it waits for",
        )
