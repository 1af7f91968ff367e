"""The querier: what it asks, and what it believes."""

from __future__ import annotations

import time
from itertools import pairwise
from typing import TYPE_CHECKING

from tests.lan.process import eventually
from tests.scorecard import dns
from tests.scorecard.stage import SERVICE, Cases, NotTestable, demand

if TYPE_CHECKING:
    from tests.scorecard.peer import Heard
    from tests.scorecard.stage import Stage

CASES = Cases()

HEARD_S = 6.0


def prepare(stage: Stage) -> None:
    """It browses; a lamp is there, and answers from the second question on."""
    if stage.contestant.browse is None:
        raise NotTestable("it has no browser")
    stage.browser = stage.contestant.browse(stage.target)
    lamp = _service("lamp")

    def answer(one: Heard) -> None:
        if len(_asked([one])) and not one.message.questions[0].unicast:
            stage.peer.send(dns.response(*lamp))

    stage.heard = stage.peer.listen(HEARD_S, source=stage.address, on=answer)
    stage.peer.send(dns.response(*lamp))
    if not _asked(stage.heard):
        raise NotTestable("it did not ask")
    eventually(lambda: _sees(stage, "lamp"), what="it sees the lamp")


def _service(name: str) -> tuple[dns.Record, ...]:
    instance = f"{name}.{SERVICE}"
    return (
        dns.ptr(SERVICE, instance),
        dns.srv(instance, f"{name}.local", 80),
        dns.txt(instance, "path=/"),
        dns.a(f"{name}.local", "10.77.0.2"),
    )


def _asked(heard: list[Heard]) -> list[Heard]:
    return [one for one in heard if one.message.asks(SERVICE, dns.PTR)]


def _sees(stage: Stage, name: str) -> bool:
    assert stage.browser is not None
    return any(one.name == name for one in stage.browser.found())


@CASES.rule("§5.2")
def intervals(stage: Stage) -> str:
    """The second question after a second, each next interval twice the last."""
    times = [one.at_s for one in _asked(stage.heard)]
    gaps = [later - earlier for earlier, later in pairwise(times)]
    doubling = all(later >= 1.8 * earlier for earlier, later in pairwise(gaps))
    evidence = "/".join(f"{gap:.1f}" for gap in gaps) + " s"
    return demand(len(gaps) >= 2 and gaps[0] >= 0.99 and doubling, evidence)


@CASES.rule("§5.4")
def first_wants_unicast(stage: Stage) -> str:
    """QU in the first question only."""
    bits = [one.message.questions[0].unicast for one in _asked(stage.heard)]
    evidence = "".join("U" if bit else "M" for bit in bits)
    return demand(not any(bits[1:]), evidence)


@CASES.rule("§7.1")
def known_answers(stage: Stage) -> str:
    """Known answers are named."""
    known = {r.target for one in _asked(stage.heard) for r in one.message.answers}
    return demand(f"lamp.{SERVICE}" in known, "named" if known else "not named")


def _believes(stage: Stage, name: str, send: object) -> str:
    send()  # type: ignore[operator]
    time.sleep(0.7)
    seen = _sees(stage, name)
    return demand(not seen, "believed" if seen else "ignored")


@CASES.rule("§6")
def another_port(stage: Stage) -> str:
    """Responses from another port than 5353 are ignored."""
    packet = dns.response(*_service("port"))
    return _believes(stage, "port", lambda: stage.peer.send(packet, by=stage.peer.legacy))


@CASES.rule("§11")
def off_link(stage: Stage) -> str:
    """Unicast responses from off the link are ignored."""
    packet = dns.response(*_service("far"))
    peer = stage.peer  # by unicast: what comes to the group counts as local, RFC 6762 §11
    return _believes(stage, "far", lambda: peer.send(packet, to=stage.address, by=peer.off_link))


@CASES.rule("§18.11")
def response_code(stage: Stage) -> str:
    """Responses with a response code are ignored."""
    packet = dns.response(*_service("code"), flags=dns.RESPONSE | 3)
    return _believes(stage, "code", lambda: stage.peer.send(packet))


@CASES.rule("§18.3")
def opcode(stage: Stage) -> str:
    """Responses with an opcode are ignored."""
    packet = dns.response(*_service("opcode"), flags=dns.RESPONSE | 0x1000)
    return _believes(stage, "opcode", lambda: stage.peer.send(packet))


@CASES.rule("§7.1")
def answers_in_a_query(stage: Stage) -> str:
    """Known answers of others are not believed."""
    question = dns.Question("_other._tcp.local", dns.PTR)
    packet = dns.query(question, known=_service("query"))
    return _believes(stage, "query", lambda: stage.peer.send(packet))


@CASES.rule("6763 §12")
def missing_records(stage: Stage) -> str:
    """What a responder leaves out is asked for."""
    instance = f"bare.{SERVICE}"
    stage.peer.drain()
    stage.peer.send(dns.response(dns.ptr(SERVICE, instance)))
    heard = stage.peer.listen(
        2.5,
        source=stage.address,
        on=lambda one: any(question.name == instance for question in one.message.questions),
    )
    asked = any(question.name == instance for one in heard for question in one.message.questions)
    return demand(asked, "asked for" if asked else "not asked for")


@CASES.rule("§10.1")
def goodbye(stage: Stage) -> str:
    """A goodbye counts after a second, in which it can be taken back."""
    lamp = _service("lamp")
    stage.peer.send(dns.response(lamp[0]._replace(ttl_s=0)))
    time.sleep(0.5)
    at_once = not _sees(stage, "lamp")
    stage.peer.send(dns.response(*lamp))
    time.sleep(1.0)
    return demand(
        not at_once and _sees(stage, "lamp"), "gone at once" if at_once else "kept, then rescued"
    )
