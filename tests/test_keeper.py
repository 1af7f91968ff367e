"""When it is written, how much at a time, and what is there after a restart."""

import asyncio
import logging
from collections.abc import Callable, Coroutine, Iterable
from pathlib import Path
from typing import Any

import pytest

from lanbridge.census import Census
from lanbridge.core.errors import InvalidInput, StateUnwritable
from lanbridge.core.events import Moment, ServiceEvent
from lanbridge.core.services import Reason, ServiceInstance, State
from lanbridge.keeper import BATCH, BEAT_S, MANY, STORM_S, WINDOW_S, Keeper
from lanbridge.store.store import Change, Store
from tests.core.lan import Lan, ptr, txt, whole
from tests.mdns.virtual import run


class Disk(Store):
    """What was written, and when; `full` refuses, and one that `breaks` is begun anew."""

    def __init__(self) -> None:
        super().__init__(Path("/nowhere/registry.sqlite"))
        self.at_s: list[float] = []
        self.sizes: list[int] = []
        self.held: dict[tuple[str, str], dict[str, Any]] = {}
        self.full = self.breaks = False

    def open(self) -> None:
        self.problem = None

    def items(self, table: str) -> Any:
        return [item for (kept, _), item in self.held.items() if kept == table]

    @property
    def saved_s(self) -> float:
        return self.at_s[-1] if self.at_s else 0.0

    async def write(self, changes: Iterable[Change], now_s: float) -> bool:
        if self.full:
            self.problem = "the disk is full"
            return False
        if self.breaks:
            self.moved, self.breaks = "it is damaged, and a new one begun", False
            self.held.clear()
        self.problem = None
        changes = list(changes)
        self.at_s.append(now_s)
        self.sizes.append(len(changes))
        for table, id_, item in changes:
            if item is None:
                self.held.pop((table, id_), None)
            else:
                self.held[table, id_] = item
        return True


class House(Lan):
    """A LAN whose events go to a keeper, in virtual time."""

    def __init__(self, disk: Disk) -> None:
        super().__init__()
        self.disk = disk
        clock = asyncio.get_running_loop().time
        self.census = Census(
            self.registry, list, lambda _alarm: None, lambda: Moment(clock(), clock()), 1e9
        )
        self.keeper = Keeper(disk, self.registry, self.census, clock)

    def _apply(self, observation: Any) -> list[str]:
        before = len(self.events)
        told = super()._apply(observation)
        for event in self.events[before:]:
            assert isinstance(event, ServiceEvent)
            self.census.take(event)
            self.keeper.take(event)
        for id_ in self.registry.take_forgotten():
            self.census.devices.forget(id_, self.now_s)
            self.keeper.forget(id_)
        return told

    def load(self) -> None:
        def recall(services: Iterable[ServiceInstance]) -> None:
            self.registry.recall(services, self.moment)

        self.keeper.load(recall)


def kept(play: Callable[[House], Coroutine[Any, Any, None]], disk: Disk | None = None) -> House:
    """Let a keeper run beside `play`, without closing it: the power is cut at the end."""

    async def life() -> House:
        house = House(disk or Disk())
        house.load()
        running = asyncio.ensure_future(house.keeper.run())
        await play(house)
        running.cancel()
        return house

    return run(life())


def test_on_a_quiet_network_it_writes_once_a_minute_at_most() -> None:
    """And within a second after nothing had happened for long."""

    async def play(house: House) -> None:
        await asyncio.sleep(200)
        for number in range(100):
            house.hear(*whole(f"lamp{number}", f"lamp{number}.local"))
            await asyncio.sleep(5)

    disk = kept(play).disk
    assert disk.at_s[0] <= 200 + STORM_S
    gaps = [after - before for before, after in zip(disk.at_s, disk.at_s[1:], strict=False)]
    assert min(gaps) >= WINDOW_S
    assert len(gaps) >= 7


def test_in_a_storm_it_writes_once_a_second_at_most_and_so_much_at_a_time() -> None:
    """Thousands of services in a few seconds."""

    async def play(house: House) -> None:
        for number in range(4_000):
            house.hear(*whole(f"lamp{number}", f"lamp{number}.local"))
            if number % 100 == 99:
                await asyncio.sleep(0.1)
        await asyncio.sleep(WINDOW_S)

    disk = kept(play).disk
    gaps = [after - before for before, after in zip(disk.at_s, disk.at_s[1:], strict=False)]
    assert min(gaps) > 0.999 * STORM_S
    assert max(disk.sizes) <= 2 * BATCH
    assert len(disk.items("service")) >= 4_000 - MANY


@pytest.mark.parametrize("cut_s", [61.0, 61.5, 75.0, 100.0, 119.0, 121.0, 150.0, 183.0])
def test_a_power_cut_loses_no_more_than_the_window(cut_s: float) -> None:
    """Each second something changes; whenever it ends, the last minute at most is missing."""
    heard: list[tuple[float, str]] = []

    async def play(house: House) -> None:
        loop = asyncio.get_running_loop()
        while loop.time() < cut_s:
            name = f"lamp{len(heard)}"
            house.hear(*whole(name, f"{name}.local"))
            heard.append((loop.time(), name))
            await asyncio.sleep(1.0)

    disk = kept(play).disk
    there = {item["name"] for item in disk.items("service")}
    assert {name for at_s, name in heard if at_s < cut_s - WINDOW_S - STORM_S} <= there


def test_what_only_a_device_has_learned_is_written_too() -> None:
    """Its hardware address, from the neighbour table."""

    async def play(house: House) -> None:
        house.hear(*whole())
        await asyncio.sleep(5)
        service = house.only()
        house.census.devices.learn_hardware({service.addresses[0].address: "b8:27:eb:00:00:01"})
        house.census.devices.take(service, 5.0)
        await asyncio.sleep(WINDOW_S + 2 * STORM_S)

    (device,) = kept(play).disk.items("device")
    assert device["mac"] == "b8:27:eb:00:00:01"


def test_nothing_happens_and_it_says_every_ten_minutes_that_it_is_there() -> None:
    """From which a restart knows until when the others were."""

    async def play(house: House) -> None:
        house.hear(*whole())
        await asyncio.sleep(4 * 3_600)

    disk = kept(play).disk
    assert 4 * 3_600 / BEAT_S / 1.3 <= len(disk.at_s) <= 4 * 3_600 / BEAT_S + 2
    assert set(disk.sizes[1:]) == {0}


def test_what_was_known_is_known_after_a_restart() -> None:
    """With its history, and seen until the last write."""
    disk = Disk()

    async def before(house: House) -> None:
        house.hear(*whole(), *whole("off", "off.local"))
        house.hear(ptr("off", ttl_s=0))
        house.wait(2)
        house.hear(ptr("only found"))
        await asyncio.sleep(10)
        (lamp,) = (one for one in house.census.devices.records() if one.host == "lamp.local")
        await house.keeper.edit(lamp.id, label="Küche", notes="n", merged_into=None)

    ids = {one.host: one.id for one in kept(before, disk).census.devices.records()}

    async def after(house: House) -> None:
        services = {one.name: one for one in house.registry.services()}
        assert {name: (one.state, one.reason) for name, one in services.items()} == {
            "lamp": (State.STALE, None),
            "off": (State.OFFLINE, Reason.GOODBYE),
        }
        devices = {one.host: one for one in house.census.devices.group(services.values())}
        assert {host: one.id for host, one in devices.items()} == ids
        assert (devices["lamp.local"].label, devices["lamp.local"].notes) == ("Küche", "n")
        assert [one.up for one in devices["off.local"].presence] == [True, False]

    kept(after, disk)


def test_what_is_forgotten_is_taken_off_the_disk() -> None:
    """And what never was on it is not written for that."""

    async def play(house: House) -> None:
        house.hear(*whole())
        await asyncio.sleep(2)
        house.hear(ptr("passing"), ptr("passing", ttl_s=0), ptr(ttl_s=0))
        house.wait(100_000)
        await asyncio.sleep(2 * WINDOW_S)

    assert kept(play).disk.items("service") == []


def test_a_disk_that_fills_up_is_a_line_in_the_journal(caplog: pytest.LogCaptureFixture) -> None:
    """And one more when it has room again; not one a minute."""
    caplog.set_level(logging.INFO)

    async def play(house: House) -> None:
        house.disk.full = True
        house.hear(*whole())
        await asyncio.sleep(600)
        house.disk.full = False
        await asyncio.sleep(WINDOW_S + 2 * STORM_S)

    kept(play)
    assert [(one.levelname, one.getMessage()) for one in caplog.records] == [
        ("WARNING", "the disk is full"),
        ("INFO", "what is known is kept on disk again"),
    ]


def test_a_file_that_breaks_is_told_and_all_is_written_again(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A label of last year too: the new file holds nothing by itself."""

    async def play(house: House) -> None:
        house.hear(*whole())
        (device,) = house.census.devices.records()
        await house.keeper.edit(device.id, label="Küche", notes="", merged_into=None)
        await asyncio.sleep(WINDOW_S + 2 * STORM_S)
        house.disk.breaks = True
        house.hear(*whole("fan", "fan.local"))
        await asyncio.sleep(2 * WINDOW_S)

    house = kept(play)
    assert caplog.messages == ["it is damaged, and a new one begun"]
    assert sorted(item["label"] for item in house.disk.items("device")) == ["", "Küche"]
    assert len(house.disk.items("service")) == 2


def test_a_full_disk_is_waited_for() -> None:
    """Nothing is lost that is still known, and it is tried once a minute."""

    async def play(house: House) -> None:
        house.disk.full = True
        for number in range(2 * MANY):
            house.hear(*whole(f"lamp{number}", f"lamp{number}.local"))
        await asyncio.sleep(600)
        assert house.keeper.store.problem
        house.disk.full = False
        await asyncio.sleep(WINDOW_S + 2 * STORM_S)
        assert house.keeper.store.problem is None

    assert len(kept(play).disk.items("service")) == 2 * MANY


def test_what_a_person_says_is_on_the_disk_or_it_is_not_so() -> None:
    """It is as it was before, and he is told why."""

    async def play(house: House) -> None:
        house.hear(*whole())
        (device,) = house.census.devices.records()
        await house.keeper.edit(device.id, label="Küche", notes="", merged_into=None)
        assert house.disk.held["device", device.id]["label"] == "Küche"
        house.disk.full = True
        with pytest.raises(StateUnwritable, match="full"):
            await house.keeper.edit(device.id, label="Bad", notes="", merged_into=None)
        with pytest.raises(InvalidInput):
            await house.keeper.edit(device.id, label="x" * 999, notes="", merged_into=None)
        assert device.label == "Küche"

    kept(play)


def test_a_backup_goes_into_another_house() -> None:
    """Its devices are known there; what is there already keeps its state and gets its label."""

    async def old(house: House) -> None:
        house.hear(*whole(), *whole("off", "off.local"), txt(rdata=b"\x09uuid=a-12"))
        for one in list(house.census.devices.records()):
            label = f"label of {one.host}"
            await house.keeper.edit(one.id, label=label, notes="", merged_into=None)

    source = kept(old)

    async def new(house: House) -> None:
        house.hear(*whole("lamp"))
        done = await house.keeper.restore(
            source.registry.services(), source.census.devices.records(), house.moment
        )
        assert done
        states = {one.name: one.state for one in house.registry.services()}
        assert states == {"lamp": State.ONLINE, "off": State.OFFLINE}
        devices = house.census.devices.group(house.registry.services())
        assert {one.host: one.label for one in devices} == {
            "lamp.local": "label of lamp.local",
            "off.local": "label of off.local",
        }
        assert len(house.disk.items("service")) == len(house.disk.items("device")) == 2

    kept(new)
