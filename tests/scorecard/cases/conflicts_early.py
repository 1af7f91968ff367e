"""Conflicts while it probes. Each case has a start of its own."""

from __future__ import annotations

import time
from itertools import pairwise
from typing import TYPE_CHECKING

from tests.scorecard import dns
from tests.scorecard.stage import INSTANCE, SERVICE, Cases, NotTestable, demand

if TYPE_CHECKING:
    from tests.scorecard.peer import Heard
    from tests.scorecard.stage import Stage

CASES = Cases()

RIVAL = dns.srv(INSTANCE, "rival.local", 99)


def _instances(heard: list[Heard]) -> list[str]:
    """Instance names in the order of their announcement."""
    told = (
        record.target
        for one in heard
        if one.message.is_response
        for record in one.message.records
        if record.type == dns.PTR and record.name == SERVICE and record.ttl_s
    )
    return list(dict.fromkeys(told))


def _probed_for(one: Heard) -> set[str]:
    """Some ask without proposing anything; zeroconf proposes a pointer to its name."""
    if one.message.is_response:
        return set()
    asked = {question.name for question in one.message.questions if question.type == dns.ANY}
    return asked | {name for r in one.message.authorities for name in (r.name, r.target)}


def _start_denied(stage: Stage, names: list[str], seconds: float = 8.0) -> list[Heard]:
    """Answer each probe for one of these names, until it has announced something."""

    def deny(one: Heard) -> bool:
        for name in _probed_for(one).intersection(names):
            if name.endswith(SERVICE):
                rivals = dns.ptr(SERVICE, name), dns.srv(name, "rival.local", 99)
                stage.peer.send(dns.response(*rivals))
            else:
                stage.peer.send(dns.response(dns.a(name, "10.77.0.99")))
        return one.message.is_response and bool(_instances([one]))

    stage.launch()
    return stage.peer.listen(seconds, source=stage.address, on=deny)


@CASES.rule("§8.1, §9")
def denied_instance(stage: Stage) -> str:
    """An instance name that is denied gives way."""
    heard = _start_denied(stage, [INSTANCE])
    names = _instances(heard)
    return demand(names and INSTANCE not in names, ", ".join(names) or "nothing announced")


@CASES.rule("§9")
def denied_name_is_kept(stage: Stage) -> str:
    """And the new one is kept over a restart."""
    names = _instances(_start_denied(stage, [INSTANCE]))
    if not names or INSTANCE in names:
        raise NotTestable("it did not give way")
    stage.peer.listen(1.5, source=stage.address)
    stage.kill()
    stage.start()
    again = _instances(stage.heard)
    return demand(again == names, ", ".join(again))


@CASES.rule("§8.1, §9")
def denied_host(stage: Stage) -> str:
    """A host name that is denied gives way."""
    stage.start()
    before = stage.host
    stage.kill()
    heard = _start_denied(stage, [before])
    heard += stage.peer.listen(3.0, source=stage.address)
    hosts = {
        record.target
        for one in heard
        if one.message.is_response
        for record in one.message.records
        if record.type == dns.SRV and record.ttl_s
    }
    return demand(hosts and before not in hosts, ", ".join(sorted(hosts)) or "nothing announced")


def _simultaneous(stage: Stage, *rivals: dns.Record) -> list[Heard]:
    """Probe for its name once, right after its own first probe."""
    done: list[float] = []

    def compete(one: Heard) -> bool:
        if not done and stage.probes(INSTANCE, [one]):
            time.sleep(0.06)  # ciao says only afterwards to itself that it has probed
            question = dns.Question(INSTANCE, dns.ANY)
            done.append(stage.peer.send(dns.query(question, proposed=rivals)))
        return one.message.is_response and bool(_instances([one]))

    stage.launch()
    heard = stage.peer.listen(10.0, source=stage.address, on=compete)
    if not done:
        raise NotTestable("it proposes nothing")
    return [one for one in heard if one.at_s > done[0] - 0.1]


@CASES.rule("§8.2")
def greater_probe_wins(stage: Stage) -> str:
    """A simultaneous probe that is greater: wait a second, then probe again."""
    text = dns.txt(INSTANCE, "z" * 200, flush=False)
    service = dns.Record(INSTANCE, dns.SRV, 120, b"\xff" * 6 + dns.name("zzz.local"))
    heard = _simultaneous(stage, text, service)
    times = [one.at_s for one in stage.probes(INSTANCE, heard)]
    longest_ms = max((1_000 * (b - a) for a, b in pairwise(times)), default=0)
    kept = INSTANCE in _instances(heard)
    evidence = f"waits {longest_ms:.0f} ms, then {', '.join(_instances(heard)) or 'nothing'}"
    return demand(kept and longest_ms >= 990, evidence)


@CASES.rule("§8.2")
def lesser_probe_loses(stage: Stage) -> str:
    """One that is lesser: go on."""
    # No type is less than A.
    heard = _simultaneous(stage, dns.a(INSTANCE, "0.0.0.1", flush=False))
    told = next(one.at_s for one in heard if one.message.is_response) if heard else 0
    took_ms = 1_000 * (told - heard[0].at_s) if heard else 0
    kept = INSTANCE in _instances(heard)
    return demand(kept and took_ms < 1_500, f"announced after {took_ms:.0f} ms")


@CASES.rule("§8.1")
def conflict_before_the_first_probe(stage: Stage) -> str:
    """Conflicts from before the first probe do not count."""
    stage.launch()
    heard: list[Heard] = []
    while not heard:
        stage.peer.send(dns.response(RIVAL))
        heard = stage.peer.listen(0.02, source=stage.address, on=lambda _: True)
    heard += stage.peer.listen(
        10.0,
        source=stage.address,
        on=lambda one: one.message.is_response and bool(_instances([one])),
    )
    names = _instances(heard)
    return demand(names == [INSTANCE], ", ".join(names) or "nothing announced")


@CASES.rule("§9")
def crash(stage: Stage) -> str:
    """Nor does what it said itself before a crash."""
    stage.launch(port=8081)
    before = stage.peer.listen(12.0, source=stage.address, on=lambda one: _says_srv(one))
    before += stage.peer.listen(1.5, source=stage.address)
    stale = [r for one in before if one.message.is_response for r in one.message.records]
    stale = [record for record in stale if record.type == dns.SRV and record.name == INSTANCE]
    if not stale:
        raise NotTestable("it did not announce itself")
    stage.kill()

    repeated: list[float] = []

    def repeat(one: Heard) -> bool:
        if INSTANCE in _probed_for(one):
            repeated.append(stage.peer.send(dns.response(stale[0])))
        return _says_srv(one)

    stage.launch(port=8080)
    heard = stage.peer.listen(10.0, source=stage.address, on=repeat)
    if not repeated:
        raise NotTestable("it does not probe")
    names = _instances(heard)
    return demand(names == [INSTANCE], ", ".join(names) or "nothing announced")


def _says_srv(one: Heard) -> bool:
    return one.message.is_response and any(
        record.type == dns.SRV and record.name.endswith(SERVICE) for record in one.message.records
    )


@CASES.rule("§8.1")
def slows_down(stage: Stage) -> str:
    """After 15 conflicts in 10 s, 5 s between tries."""
    denied: list[float] = []

    def deny(one: Heard) -> bool:
        for record in one.message.authorities if not one.message.is_response else ():
            name = record.target if record.name == SERVICE else record.name
            if name.endswith("." + SERVICE):
                rivals = dns.ptr(SERVICE, name), dns.srv(name, "rival.local", 99)
                stage.peer.send(dns.response(*rivals))
                denied.append(one.at_s)
                break
        return len(denied) > 16

    stage.launch()
    stage.peer.listen(32.0, source=stage.address, on=deny)
    if len(denied) < 2:
        raise NotTestable("it does not give way to a denial")
    if len(denied) < 16 or denied[14] - denied[0] > 10.0:
        first = min(15, len(denied))
        return f"only {first} tries in {denied[first - 1] - denied[0]:.0f} s"
    gap_s = denied[15] - denied[14]
    return demand(gap_s >= 4.9, f"{gap_s:.1f} s after the fifteenth")
