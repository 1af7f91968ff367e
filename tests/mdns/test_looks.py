"""Somebody opens the list of a large LAN: who is gone is known soon, at a price with an end."""

import asyncio
from collections import Counter

import pytest

from lanbridge.core.cache import VERIFY_S
from lanbridge.core.doubts import LOOKED_AT_PER_S, MAX_LOOKED_AT
from lanbridge.core.events import Event
from lanbridge.core.records import Record, RecordType
from lanbridge.core.services import State
from lanbridge.discovery import Discovery
from lanbridge.mdns.wire import MAX_PAYLOAD_BYTES
from tests.core.lan import address, ptr, srv, txt
from tests.mdns.virtual import TapLink, run


class LargeLan(TapLink):
    """Many devices, of which some are switched off later; each answers for itself, 20 ms on."""

    def __init__(self, hosts: int, services_each: int = 1, ttl_s: int = 120) -> None:
        super().__init__()
        self.discovery = Discovery(None, list[Event]().append)
        self.discovery.engine.links = {2: self}
        self.sizes: list[int] = []  # of packets with questions that are no browse questions
        self.answers: Counter[int] = Counter()  # by host
        self.off: set[int] = set()
        self._of_name: dict[str, int] = {}
        self._records: dict[int, list[Record]] = {}
        for host in range(hosts):
            name = f"device-{host}.local"
            where = [
                address(name, f"10.{host >> 8}.{host & 255}.7", ttl_s),
                address(name, f"fe80::{host + 1:x}", ttl_s),
            ]
            instances = [f"Device {host} no {number}" for number in range(services_each)]
            self._records[host] = [srv(one, name, ttl_s=ttl_s) for one in instances] + where
            self._of_name |= {record.name: host for record in self._records[host]}
            whole = [record for one in instances for record in (ptr(one), txt(one))]
            self._hear(host, *whole, *self._records[host])

    def multicast(self, packet: bytes, family: int | None = None) -> None:
        """Each question of ours reaches those who are there."""
        loop = asyncio.get_running_loop()
        super().multicast(packet, family)
        asked = {(one.name, one.type) for one in self.sent.pop().message.questions}
        if asked and RecordType.PTR not in {type_ for _, type_ in asked}:
            self.sizes.append(len(packet))
        hosts = {self._of_name[name] for name, _ in asked if name in self._of_name}
        for host in hosts - self.off:
            known = self._records[host]
            answers = [one for one in known if (one.name, one.type) in asked]
            extra = [one for one in known if one.type in (RecordType.A, RecordType.AAAA)]
            loop.call_later(0.02, self._answer, host, (*answers, *extra))

    def states(self) -> Counter[State]:
        """How many services are in each state."""
        return self.discovery.registry.states()

    def _answer(self, host: int, records: tuple[Record, ...]) -> None:
        self.answers[host] += 1
        self._hear(host, *records)

    def _hear(self, host: int, *records: Record) -> None:
        source = f"10.{host >> 8}.{host & 255}.7"
        self.discovery._receive(self.heard(*records, source=source))


@pytest.mark.parametrize(("hosts", "services_each"), [(1_000, 1), (50, 20)])
@pytest.mark.parametrize("heard_before_s", [0.1, 2.9, 60.0])
def test_of_a_thousand_services_the_half_that_is_gone_is_offline_within_15_s(
    hosts: int, services_each: int, heard_before_s: float
) -> None:
    """Though their records hold for a day; all others stay online, and answer once."""

    async def life() -> LargeLan:
        lan = LargeLan(hosts, services_each, ttl_s=86_400)
        await asyncio.sleep(heard_before_s)
        lan.off = set(range(0, hosts, 2))
        lan.discovery.look()
        await asyncio.sleep(15)
        return lan

    lan = run(life())
    assert lan.states() == {State.ONLINE: 500, State.OFFLINE: 500}
    assert not set(lan.answers) & lan.off
    assert len(lan.sizes) <= 75
    assert max(lan.sizes) <= MAX_PAYLOAD_BYTES
    assert set(lan.answers.values()) <= {1, 2}  # the services of one host mostly share a beat


def test_a_list_of_ten_thousand_is_verified_over_several_looks() -> None:
    """A page that polls each 15 s: 2,048 services at once, then 1,500 more each time."""

    async def life() -> list[int]:
        lan = LargeLan(2_000, 5, ttl_s=86_400)
        await asyncio.sleep(60)
        lan.off = set(range(2_000))
        counts = []
        for _ in range(7):
            lan.discovery.look()
            await asyncio.sleep(15)
            counts.append(lan.states()[State.OFFLINE])
        return counts

    counts = run(life())
    # A host whose address is not answered takes the rest of its services along.
    regained = int(LOOKED_AT_PER_S * 15)
    for number, count in enumerate(counts[:-1]):
        assert 0 <= count - MAX_LOOKED_AT - regained * number < 5 * (number + 1)
    assert counts[-1] == 10_000


@pytest.mark.parametrize("pause_s", [0.5, 5.0])
def test_who_looks_all_the_time_makes_no_flood(pause_s: float) -> None:
    """A thousand devices that are there, and a stranger with many addresses, for three minutes."""

    async def life() -> LargeLan:
        lan = LargeLan(1_000, ttl_s=86_400)
        await asyncio.sleep(60)
        for _ in range(int(180 / pause_s)):
            lan.discovery.look()
            await asyncio.sleep(pause_s)
        await asyncio.sleep(VERIFY_S)
        return lan

    lan = run(life())
    services = MAX_LOOKED_AT + 180 * LOOKED_AT_PER_S
    assert sum(lan.answers.values()) <= services
    assert max(lan.answers.values()) <= services / 1_000 + 2
    assert lan.states() == {State.ONLINE: 1_000}
