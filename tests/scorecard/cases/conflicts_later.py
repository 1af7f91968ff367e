"""Conflicts after registration, and the end."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from tests.scorecard import dns
from tests.scorecard.stage import INSTANCE, SERVICE, Cases, demand

if TYPE_CHECKING:
    from tests.scorecard.stage import Stage

CASES = Cases()


def prepare(stage: Stage) -> None:
    """One start for all."""
    stage.start()


def _probes_again(stage: Stage, rival: dns.Record) -> str:
    time.sleep(1.05)
    stage.peer.drain()
    stage.peer.send(dns.response(rival))
    heard = stage.peer.listen(
        1.5, source=stage.address, on=lambda one: bool(stage.probes(rival.name, [one]))
    )
    found = bool(stage.probes(rival.name, heard))
    if found:  # let it come to an end
        stage.peer.listen(3.0, source=stage.address)
    return demand(found, "it probes again" if found else "no reaction")


@CASES.rule("§9")
def conflicting_service(stage: Stage) -> str:
    """A conflicting SRV makes it probe again."""
    return _probes_again(stage, dns.srv(INSTANCE, "rival.local", 99))


@CASES.rule("§9")
def conflicting_host(stage: Stage) -> str:
    """A conflicting address makes it probe again."""
    return _probes_again(stage, dns.a(stage.host, "10.77.0.99"))


@CASES.rule("§10.1")
def goodbye(stage: Stage) -> str:
    """At the end, TTL 0 for all it announced."""
    heard = stage.stop()
    gone = {r.type for one in heard for r in one.message.answers if r.ttl_s == 0}
    service = any(
        record.name == SERVICE and record.ttl_s == 0
        for one in heard
        for record in one.message.answers
    )
    complete = {dns.PTR, dns.SRV, dns.TXT, dns.A} <= gone
    return demand(service and complete, f"TTL 0 for types {sorted(gone) or 'none'}")
