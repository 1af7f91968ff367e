"""One host name, asked for once."""

import asyncio
from ipaddress import IPv4Address, ip_address

import pytest

from lanbridge.core.records import Question, Record, RecordType
from lanbridge.mdns.resolve import MAX_ADDRESSES, Lookup
from tests.mdns.virtual import TapLink, run

A, AAAA = RecordType.A, RecordType.AAAA
V4, V6 = ip_address("10.0.0.9"), ip_address("fd00::9")


def record(type_: RecordType, *, name: str = "lamp.local", ttl_s: int = 120) -> Record:
    """What the lamp says."""
    return Record(name, type_, ttl_s, V4 if type_ == A else V6)


async def asked(link: TapLink, *answers: tuple[float, Record]) -> tuple[Lookup, float]:
    """A lookup with answers at their times; and when it ended."""
    lookup, loop = Lookup("Lamp.local"), asyncio.get_running_loop()
    for at_s, answer in answers:
        loop.call_at(at_s, lookup.receive, link.heard(answer))
    await lookup.ask([link])
    return lookup, loop.time()


@pytest.mark.parametrize(
    ("answers", "found", "end_s"),
    [
        ([], [], 3.0),
        ([(0.1, record(A))], [V4], 0.1),
        ([(0.1, record(AAAA)), (0.3, record(A))], [V6, V4], 0.3),
        ([(0.1, record(AAAA))], [V6], 1.15),
        ([(1.5, record(A))], [V4], 1.5),
        ([(0.1, record(A, name="other.local"))], [], 3.0),
        ([(0.1, record(A, ttl_s=0))], [], 3.0),
    ],
    ids=["nobody", "IPv4", "IPv6 first", "IPv6 alone", "late", "another name", "a goodbye"],
)
def test_when_it_ends(
    answers: list[tuple[float, Record]], found: list[object], end_s: float
) -> None:
    """At an IPv4 address; without one when the next question would be due, or after both."""
    lookup, ended_s = run(asked(TapLink(), *answers))
    assert (list(lookup.found), round(ended_s, 3)) == (found, end_s)
    assert set(lookup.found.values()) <= {"eth0"}


def test_how_it_is_asked() -> None:
    """Both types in one packet, for a unicast answer first (RFC 6762 §5.4), then for all."""
    link = TapLink()
    run(asked(link))
    assert [(round(one.at_s, 2), one.message.questions) for one in link.sent] == [
        (at_s, tuple(Question("Lamp.local", type_, unicast) for type_ in (A, AAAA)))
        for at_s, unicast in ((0.0, True), (1.15, False))
    ]


def test_without_a_link_there_is_nobody_to_wait_for() -> None:
    """It ends at once."""

    async def ask() -> float:
        await Lookup("lamp.local").ask([])
        return asyncio.get_running_loop().time()

    assert run(ask()) == 0.0


def test_what_anybody_answers_is_bounded() -> None:
    """A stranger has no end of addresses."""
    lookup, link = Lookup("lamp.local"), TapLink()
    for number in range(2 * MAX_ADDRESSES):
        lookup.receive(link.heard(Record("lamp.local", A, 9, IPv4Address(0x0A000000 + number))))
    assert len(lookup.found) == MAX_ADDRESSES
