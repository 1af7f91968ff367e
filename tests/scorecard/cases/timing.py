"""When it answers, how often, and when it need not."""

from __future__ import annotations

import time
from itertools import pairwise
from typing import TYPE_CHECKING

from tests.scorecard import dns
from tests.scorecard.dns import Question
from tests.scorecard.stage import INSTANCE, SERVICE, Cases, demand

if TYPE_CHECKING:
    from tests.scorecard.stage import Stage

CASES = Cases()

PTR = Question(SERVICE, dns.PTR)
KNOWN = dns.ptr(SERVICE, INSTANCE)


def prepare(stage: Stage) -> None:
    """One start for all."""
    stage.start()


def _delay_ms(stage: Stage, question: Question, packet: bytes | None = None) -> float | None:
    sent_s, heard = stage.ask(
        question,
        seconds=0.9,
        packet=packet,
        on=lambda one: one.message.says(question.name, question.type),
    )
    found = stage.answer(question.name, question.type, heard)
    return None if found is None else 1_000 * (found.at_s - sent_s)


def _ms(delay_ms: float | None) -> str:
    return "silence" if delay_ms is None else f"{delay_ms:.0f} ms"


@CASES.rule("§6")
def shared_answers_wait(stage: Stage) -> str:
    """A shared answer waits for 20 to 120 ms, not always the same."""
    delays = [_delay_ms(stage, PTR) for _ in range(8)]
    evidence = "/".join("–" if one is None else f"{one:.0f}" for one in delays) + " ms"
    known = [one for one in delays if one is not None]
    in_range = len(known) == 8 and all(19 <= one <= 135 for one in known)
    return demand(in_range and max(known) - min(known) > 15, evidence)


@CASES.rule("§6")
def unique_answers_do_not(stage: Stage) -> str:
    """A unique one does not."""
    delay_ms = _delay_ms(stage, Question(INSTANCE, dns.SRV))
    return demand(delay_ms is not None and delay_ms < 18, _ms(delay_ms))


@CASES.rule("§6")
def once_a_second(stage: Stage) -> str:
    """A record is multicast once a second at most."""
    time.sleep(1.05)
    stage.peer.drain()
    heard = []
    for _ in range(9):
        stage.peer.send(dns.query(PTR))
        heard += stage.peer.listen(0.3, source=stage.address)
    times = [one.at_s for one in heard if one.group and one.message.says(SERVICE, dns.PTR)]
    gaps = [round(1_000 * (later - earlier)) for earlier, later in pairwise(times)]
    evidence = f"{len(times)} answers, at least {min(gaps, default=0)} ms apart"
    return demand(gaps and min(gaps) >= 990, evidence)


@CASES.rule("§7.1")
def known_answer(stage: Stage) -> str:
    """What the querier knows is not said again."""
    delay_ms = _delay_ms(stage, PTR, dns.query(PTR, known=[KNOWN]))
    return demand(delay_ms is None, _ms(delay_ms))


@CASES.rule("§7.1")
def known_answer_that_is_old(stage: Stage) -> str:
    """Unless less than half of its life is left."""
    old = KNOWN._replace(ttl_s=2_000)
    delay_ms = _delay_ms(stage, PTR, dns.query(PTR, known=[old]))
    return demand(delay_ms is not None, _ms(delay_ms))


@CASES.rule("§7.2")
def known_answers_that_follow(stage: Stage) -> str:
    """Known answers in a second packet count."""
    time.sleep(1.05)
    stage.peer.drain()
    stage.peer.send(dns.query(PTR, flags=dns.TRUNCATED))
    time.sleep(0.1)
    stage.peer.send(dns.query(known=[KNOWN]))
    heard = stage.peer.listen(0.9, source=stage.address)
    said = any(one.message.says(SERVICE, dns.PTR) for one in heard if one.message.is_response)
    return demand(not said, "answered" if said else "silence")


@CASES.rule("§7.2")
def truncated_query(stage: Stage) -> str:
    """For them it waits 400 to 500 ms."""
    delay_ms = _delay_ms(stage, PTR, dns.query(PTR, flags=dns.TRUNCATED))
    return demand(delay_ms is not None and 395 <= delay_ms <= 630, _ms(delay_ms))


@CASES.rule("§7.4")
def answered_by_another(stage: Stage) -> str:
    """What another host has just answered is not said again."""
    time.sleep(1.05)
    stage.peer.drain()
    stage.peer.send(dns.query(PTR))
    stage.peer.send(dns.response(KNOWN))
    heard = stage.peer.listen(0.5, source=stage.address)
    said = any(one.message.says(SERVICE, dns.PTR) for one in heard if one.message.is_response)
    return demand(not said, "answered" if said else "silence")


@CASES.rule("§6.6")
def short_lived_copy(stage: Stage) -> str:
    """A copy with too short a life is corrected."""
    time.sleep(1.05)
    text = next(
        r for records in stage.responses() for r in records if r.type == dns.TXT and r.ttl_s > 60
    )
    stage.peer.drain()
    stage.peer.send(dns.response(text._replace(ttl_s=text.ttl_s // 3)))
    heard = stage.peer.listen(1.6, source=stage.address)
    said = any(one.message.says(text.name, dns.TXT) for one in heard if one.message.is_response)
    return demand(said, "announced again" if said else "silence")
