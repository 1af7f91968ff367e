"""What is answered, and to whom."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from tests.scorecard import dns
from tests.scorecard.dns import Question
from tests.scorecard.stage import INSTANCE, META, SERVICE, SUBTYPE, Cases, demand

if TYPE_CHECKING:
    from tests.scorecard.stage import Stage

CASES = Cases()

PTR = Question(SERVICE, dns.PTR)


def prepare(stage: Stage) -> None:
    """One start for all."""
    stage.start()


def _pointed(stage: Stage, owner: str, target: str, asked: str = "") -> str:
    _, heard = stage.ask(Question(asked or owner, dns.PTR))
    targets = {r.target for one in heard for r in one.message.answers if r.name == owner.lower()}
    return demand(target in targets, ", ".join(sorted(targets)) or "silence")


@CASES.rule("6763 §9")
def meta_query(stage: Stage) -> str:
    """The list of service types."""
    return _pointed(stage, META, SERVICE)


@CASES.rule("6763 §7.1")
def subtype(stage: Stage) -> str:
    """Subtypes."""
    return _pointed(stage, SUBTYPE, INSTANCE)


@CASES.rule("§16")
def mixed_case(stage: Stage) -> str:
    """Names are compared without case."""
    return _pointed(stage, SERVICE, INSTANCE, asked="_HtTp._TCP.LoCaL")


@CASES.rule("§4")
def reverse(stage: Stage) -> str:
    """The reverse name of its address."""
    name = ".".join(reversed(stage.address.split("."))) + ".in-addr.arpa"
    return _pointed(stage, name, stage.host)


@CASES.rule("6763 §12")
def pointer_brings_all(stage: Stage) -> str:
    """A pointer brings SRV, TXT and addresses."""
    _, heard = stage.ask(PTR)
    types = {record.type for one in heard for record in one.message.records}
    return demand({dns.SRV, dns.TXT, dns.A} <= types, f"types {sorted(types)}")


@CASES.rule("§6.5")
def any_type(stage: Stage) -> str:
    """Type ANY brings every record of the name."""
    _, heard = stage.ask(Question(INSTANCE, dns.ANY))
    types = {r.type for one in heard for r in one.message.answers if r.name == INSTANCE}
    return demand({dns.SRV, dns.TXT} <= types, f"types {sorted(types)}")


@CASES.rule("§6.3")
def several_questions(stage: Stage) -> str:
    """All questions of a packet are answered."""
    _, heard = stage.ask(Question(INSTANCE, dns.SRV), Question(stage.host, dns.A), PTR)
    types = {record.type for one in heard for record in one.message.answers}
    return demand({dns.SRV, dns.A, dns.PTR} <= types, f"types {sorted(types)}")


@CASES.rule("§6.1")
def negative_answer(stage: Stage) -> str:
    """NSEC for a type that its name lacks."""
    _, heard = stage.ask(Question(stage.host, dns.AAAA))
    found = [r for one in heard for r in one.message.answers if r.type == dns.NSEC]
    types = sorted(dns.nsec_types(found[0])) if found else None
    right = found and types == [dns.A] and found[0].target == stage.host
    return demand(right, f"NSEC with types {types}" if found else "no NSEC")


@CASES.rule("§6.2")
def other_family(stage: Stage) -> str:
    """An address brings the other family, or NSEC."""
    _, heard = stage.ask(Question(stage.host, dns.A))
    extra = {r.type for one in heard for r in one.message.additionals if r.name == stage.host}
    return demand(dns.NSEC in extra, f"additional types {sorted(extra) or 'none'}")


@CASES.rule("§5.4")
def unicast_wanted(stage: Stage) -> str:
    """QU is answered by unicast if the record was multicast lately."""
    stage.ask(Question(INSTANCE, dns.SRV))  # now it was multicast "recently"
    _, heard = stage.ask(Question(INSTANCE, dns.SRV, unicast=True))
    found = stage.answer(INSTANCE, dns.SRV, heard)
    return demand(found and not found.group, _how(found))


def _how(found: object) -> str:
    return "silence" if found is None else ("multicast" if found.group else "unicast")  # type: ignore[attr-defined]


def _legacy(stage: Stage) -> tuple[bytes, list[dns.Message]]:
    packet = dns.query(PTR, id=4_711)
    time.sleep(1.05)
    stage.peer.drain()
    stage.peer.send(packet, by=stage.peer.legacy)
    heard = stage.peer.listen(0.5, source=stage.address)
    replies = [one.message for one in heard if not one.group and one.message.is_response]
    return packet, replies


@CASES.rule("§6.7")
def legacy_echo(stage: Stage) -> str:
    """A legacy querier gets its id and question back, by unicast."""
    _, replies = _legacy(stage)
    if not replies:
        return demand(False, "no unicast reply")
    seen = (replies[0].id, [(one.name, one.type) for one in replies[0].questions])
    return demand(seen == (4_711, [(SERVICE, dns.PTR)]), f"id and questions {seen}")


@CASES.rule("§6.7, §10.2")
def legacy_lifetime(stage: Stage) -> str:
    """And TTLs of 10 s at most, without the cache-flush bit."""
    _, replies = _legacy(stage)
    if not replies:
        return demand(False, "no unicast reply")
    longest = max(record.ttl_s for record in replies[0].records)
    flushed = any(record.flush for record in replies[0].records)
    return demand(longest <= 10 and not flushed, f"TTL {longest} s, cache-flush bit: {flushed}")


@CASES.rule("§8.1")
def defends_instance(stage: Stage) -> str:
    """It defends its instance name."""
    rival = dns.srv(INSTANCE, "rival.local", 99, flush=False)
    return _defends(stage, INSTANCE, dns.SRV, rival)


@CASES.rule("§8.1")
def defends_host(stage: Stage) -> str:
    """It defends its host name."""
    return _defends(stage, stage.host, dns.A, dns.a(stage.host, "10.77.0.99", flush=False))


def _defends(stage: Stage, name: str, type_: int, rival: dns.Record) -> str:
    probe = dns.query(Question(name, dns.ANY, unicast=True), proposed=[rival])
    sent_s, heard = stage.ask(packet=probe)
    found = stage.answer(name, type_, heard)
    if found is None:
        return demand(False, "silence")
    after_ms = 1_000 * (found.at_s - sent_s)
    return demand(after_ms < 200, f"{after_ms:.0f} ms")
