"""What it must not listen to."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from tests.scorecard import dns
from tests.scorecard.dns import Question
from tests.scorecard.stage import INSTANCE, SERVICE, Cases, NotTestable, demand

if TYPE_CHECKING:
    from tests.scorecard.stage import Stage

CASES = Cases()

SRV = Question(INSTANCE, dns.SRV)
RIVAL = dns.srv(INSTANCE, "rival.local", 99)

GARBAGE = (
    b"",
    b"\0" * 11,
    b"\xff" * 12,
    b"\0" * 4 + b"\xff" * 300,
    b"\0\0\x84\0\0\0\0\1\0\0\0\0\xc0\x0c\0\1\0\1\0\0\0\x0a\0\4\1\2\3\4",  # points at itself
    b"\0\0\0\0\0\1\0\0\0\0\0\0\xc0\xff\0\1\0\1",  # points past the end
    b"\0\0\0\0\0\1\0\0\0\0\0\0\x3fabc",  # ends within a label
    b"\0\0\x84\0\0\0\0\1\0\0\0\0\1a\0\0\1\0\1\0\0\0\x0a\xff\xff\1\2",  # rdata past the end
    b"\0\0\x84\0\0\0\0\1\0\0\0\0\1a\0\0\x2f\0\1\0\0\0\x0a\0\4\0\0\xff\xff",  # NSEC bitmap too long
    b"\0\0\0\0\0\1\0\0\0\0\0\0" + b"\x3f" + b"a" * 63 + b"\xc0\x0c\0\1\0\1",  # a loop with labels
    b"\0\0\x84\0\xff\xff\xff\xff\xff\xff\xff\xff",
    bytes(8_900),
)


def prepare(stage: Stage) -> None:
    """One start for all."""
    stage.start()


def _unanswered(stage: Stage, packet: bytes) -> str:
    _, heard = stage.ask(packet=packet)
    return demand(not heard, "answered" if heard else "silence")


@CASES.rule("§18.3")
def opcode(stage: Stage) -> str:
    """Queries with an opcode."""
    return _unanswered(stage, dns.query(SRV, flags=0x1000))


@CASES.rule("§18.11")
def response_code(stage: Stage) -> str:
    """Queries with a response code."""
    return _unanswered(stage, dns.query(SRV, flags=0x0003))


@CASES.rule("§6")
def other_class(stage: Stage) -> str:
    """Questions of another class."""
    return _unanswered(stage, dns.query(SRV._replace(klass=dns.CHAOS)))


@CASES.rule("§5.5, §11")
def off_link_query(stage: Stage) -> str:
    """Unicast queries from off the link."""
    time.sleep(1.05)
    stage.peer.drain()
    packet = dns.query(Question(SERVICE, dns.PTR), id=7)
    stage.peer.send(packet, to=stage.address, by=stage.peer.off_link_legacy)
    heard = [one for one in stage.peer.listen(0.5, source=stage.address) if not one.group]
    size = max((len(one.raw) for one in heard), default=0)
    evidence = f"{len(packet)} bytes brought {size}" if heard else "silence"
    return demand(not heard, evidence)


def _ignored(stage: Stage, packet: bytes, **how: Any) -> str:
    disturbed = _disturbed(stage, packet, **how)
    if not disturbed and not _heeds_conflicts(stage):
        raise NotTestable("no conflict disturbs it")
    return demand(not disturbed, "it probes again" if disturbed else "undisturbed")


def _disturbed(stage: Stage, packet: bytes, **how: Any) -> bool:
    time.sleep(1.05)
    stage.peer.drain()
    stage.peer.send(packet, **how)
    heard = stage.peer.listen(1.2, source=stage.address)
    disturbed = bool(stage.probes(INSTANCE, heard) + stage.probes(stage.host, heard))
    if disturbed:  # let it come to an end
        stage.peer.listen(3.0, source=stage.address)
    return disturbed


def _heeds_conflicts(stage: Stage) -> bool:
    if stage.heeds_conflicts is None:
        stage.heeds_conflicts = _disturbed(stage, dns.response(RIVAL))
    return stage.heeds_conflicts


@CASES.rule("§6")
def response_from_another_port(stage: Stage) -> str:
    """Responses from another port than 5353."""
    return _ignored(stage, dns.response(RIVAL), by=stage.peer.legacy)


@CASES.rule("§11")
def response_from_off_link(stage: Stage) -> str:
    """Conflicts by unicast from off the link."""
    # By unicast: what comes to the group counts as local, RFC 6762 §11.
    return _ignored(stage, dns.response(RIVAL), to=stage.address, by=stage.peer.off_link)


@CASES.rule("§9, §10.1")
def rival_goodbye(stage: Stage) -> str:
    """The goodbye of somebody with its name."""
    return _ignored(stage, dns.response(RIVAL._replace(ttl_s=0)))


@CASES.rule("§9")
def own_announcement_reflected(stage: Stage) -> str:
    """Its own announcement, sent back by a reflector."""
    told = [one.raw for one in stage.heard if one.message.says(INSTANCE, dns.SRV)]
    return _ignored(stage, told[-1])


@CASES.rule("§18")
def malformed_packets(stage: Stage) -> str:
    """Malformed packets: it answers afterwards."""
    for packet in GARBAGE:
        stage.peer.send(packet)
    _, heard = stage.ask(SRV)
    found = stage.answer(INSTANCE, dns.SRV, heard)
    return demand(found, f"{len(GARBAGE)} packets, then {'an answer' if found else 'silence'}")
