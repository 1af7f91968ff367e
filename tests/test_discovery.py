"""The registry and the network joined: what the one does because of the other."""

import asyncio
import socket
from collections.abc import Callable

import pytest

from lanbridge.core.addresses import NetworkState
from lanbridge.core.events import Event, Tick
from lanbridge.core.records import Question, RecordType
from lanbridge.discovery import REJOIN_S, Discovery
from lanbridge.network.change import Change, Difference
from tests.core.lan import TYPE, address, ptr, srv, txt
from tests.mdns.virtual import Sent, TapLink, run

NOTHING = NetworkState(())


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Lets so many seconds pass."""
    now_s = 1e6
    monkeypatch.setattr(Discovery, "_now_s", lambda _self: now_s)

    def wait(seconds: float) -> None:
        nonlocal now_s
        now_s += seconds

    return wait


async def test_memberships_are_reported_also_while_the_network_goes_on_changing(
    clock: Callable[[float], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A USB network card that comes and goes; the switch at the other one forgets us all the same.

    RFC 3376 §8.4: after 260 s.
    """
    discovery = Discovery(None, list[Event]().append)
    rejoined = []
    monkeypatch.setattr(discovery.engine, "rejoin", lambda: rejoined.append(1))
    flap = Change(links=(Difference("usb0", "usb0 came"),))
    for _ in range(10):
        clock(REJOIN_S / 2)
        discovery._follow(NOTHING, flap)
    assert len(rejoined) == 5


@pytest.mark.parametrize(("source", "asked"), [("10.0.0.1", 0), ("10.0.0.9", 2)])
async def test_our_own_questions_make_us_doubt_nothing(
    clock: Callable[[float], None], source: str, asked: int
) -> None:
    """RFC 6762 §10.5 is about those of "other hosts"; we hear ours too."""
    discovery, link = Discovery(None, list[Event]().append), TapLink()
    discovery._receive(link.heard(ptr(), srv(), txt(), address(), source="10.0.0.7"))
    for _ in range(2):
        clock(3)
        question = Question(f"lamp.{TYPE}", RecordType.SRV)
        discovery._receive(link.heard(questions=(question,), source=source))
    discovery._observe(Tick())
    assert len(discovery.registry.take_questions()) == asked


def test_who_does_not_answer_the_first_refresh_question_is_asked_over_ipv6_too() -> None:
    """The first goes over IPv4 alone, where nearly all are; half the packets."""

    async def life() -> list[Sent]:
        discovery, link = Discovery([TYPE], list[Event]().append), TapLink()
        discovery.engine.links = {2: link}
        discovery._receive(link.heard(ptr(), srv(), txt(), address(), source="10.0.0.7"))
        await asyncio.sleep(105)
        discovery._closed = True
        return [one for one in link.sent if one.message.questions[0].type != RecordType.PTR]

    first, second = run(life())
    assert (first.family, second.family) == (socket.AF_INET, None)
    assert set(first.message.questions) == set(second.message.questions)
