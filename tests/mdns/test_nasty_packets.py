"""Packets that have stopped other stacks, and worse ones: tests/data/packets.

Each file is a line of what it is, a line of what becomes of it (`heard`, or `ignored` at the door),
and hex.
"""

import asyncio
from ipaddress import ip_address
from pathlib import Path

import pytest

from lanbridge.core.addresses import NetworkState
from lanbridge.core.cache import MAX_ENTRIES
from lanbridge.core.events import Moment, PacketHeard, QuestionsHeard, Tick
from lanbridge.core.json_text import json_safe
from lanbridge.core.registry import Registry
from lanbridge.core.services import State
from lanbridge.core.views import as_json, service_view
from lanbridge.mdns.decode import decode
from lanbridge.mdns.engine import Packet
from lanbridge.mdns.responder import Responder
from lanbridge.mdns.sockets import PORT
from tests.core.lan import whole
from tests.mdns.test_responder import AD, NAME, PTR, answering
from tests.mdns.virtual import TapLink

PACKETS = sorted((Path(__file__).parents[1] / "data" / "packets").glob("*.hex"))
SOURCE = ip_address("10.0.0.66")
MAX_REPLIES = 8  # packets; a question is answered once, whatever it is asked with
NO_NETWORK = NetworkState(())


def read(path: Path) -> tuple[str, bytes]:
    """What becomes of it, and its bytes."""
    about, outcome, *rows = path.read_text("utf-8").splitlines()
    assert about.startswith("# ")
    return outcome.removeprefix("# "), bytes.fromhex("".join(rows))


def test_there_is_a_corpus() -> None:
    """It was not left out of the checkout."""
    assert len(PACKETS) >= 80


@pytest.mark.parametrize("path", PACKETS, ids=lambda path: path.stem)
def test_the_door_lets_it_in_or_not(path: Path) -> None:
    """As the file says; it never raises."""
    outcome, data = read(path)
    assert outcome == ("ignored" if decode(data, "eth0") is None else "heard")


@pytest.mark.parametrize("path", PACKETS, ids=lambda path: path.stem)
def test_the_registry_lives_through_it(path: Path) -> None:
    """Three times, for a day; an honest service stays, and everything has a view."""
    _, data = read(path)
    registry, now_s = Registry(), 1_000.0

    def pass_time(seconds: float) -> None:
        nonlocal now_s
        end_s = now_s + seconds
        while (at_s := registry.next_deadline()) is not None and at_s <= end_s:
            now_s = max(now_s, at_s)
            registry.apply(Tick(), Moment(now_s, now_s))
        now_s = end_s

    honest = PacketHeard("eth0", ip_address("10.0.0.7"), tuple(whole("honest", "honest.local")))
    registry.apply(honest, Moment(now_s, now_s))
    for _ in range(3):
        message = decode(data, "eth0")
        if message is not None:
            heard = PacketHeard("eth0", SOURCE, message.records)
            registry.apply(heard, Moment(now_s, now_s))
            registry.apply(QuestionsHeard(message.questions), Moment(now_s, now_s))
        for one in registry.services():
            json_safe(as_json(service_view(one, NO_NETWORK)))
            assert len(one.addresses) <= 2 * MAX_ENTRIES
        assert len(registry) <= 64
        pass_time(2.0)
        states = {one.name: one.state for one in registry.services()}
        assert states["honest"] is State.ONLINE
    pass_time(3 * 86_400)
    assert len(registry) == 0


@pytest.mark.parametrize("path", PACKETS, ids=lambda path: path.stem)
def test_the_responder_lives_through_it(path: Path) -> None:
    """It says no more than a few packets, and answers an honest question afterwards."""
    _, data = read(path)
    message = decode(data, "eth0")

    async def hear(link: TapLink, responder: Responder) -> None:
        if message is not None and not message.is_response:
            responder.receive(Packet(message, link, SOURCE, PORT, multicast=True))
        await asyncio.sleep(10)
        responder.receive(link.heard(questions=(PTR,)))

    *sent, last = answering(hear, (AD,))
    assert len(sent) <= MAX_REPLIES
    assert last.at_s > 10
    assert NAME in {record.data for record in last.message.records}
