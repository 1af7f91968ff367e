"""Devices and alarms of a daemon."""

import asyncio
from ipaddress import ip_address

import pytest

from lanbridge import census as module
from lanbridge.census import INVISIBLE_ROUNDS, Census
from lanbridge.core.alarms import AlarmChanged  # noqa: TC001
from lanbridge.core.events import ServiceEvent
from tests.core.lan import TYPE, Lan, address, ptr, srv, txt, whole

OWN = f"lamp.{TYPE}"


class House:
    """A LAN, and who is who on it."""

    def __init__(self) -> None:
        self.lan = Lan()
        self.told: list[AlarmChanged] = []
        self.own = [OWN]
        self.census = Census(
            self.lan.registry, lambda: self.own, self.told.append, lambda: self.lan.moment, 1e9
        )

    def look(self, rounds: int) -> list[str]:
        for _ in range(rounds):
            self.census.look()
        return [("raised " if one.raised else "over ") + one.alarm.kind for one in self.told]


def test_what_we_advertise_and_do_not_hear_is_an_alarm() -> None:
    """After a minute, and until it is heard."""
    house = House()
    assert house.look(INVISIBLE_ROUNDS - 1) == []
    assert house.look(1) == ["raised self-invisible"]
    assert house.look(3) == ["raised self-invisible"]
    assert OWN in next(house.census.up()).sentence
    house.lan.hear(*whole())
    assert house.look(1) == ["raised self-invisible", "over self-invisible"]


def test_without_a_network_nothing_is_invisible() -> None:
    """There is nobody who could see it."""
    house = House()
    house.own = []
    assert house.look(2 * INVISIBLE_ROUNDS) == []


def test_two_hosts_with_one_name_are_an_alarm() -> None:
    """With both addresses; the registry counts by a clock that is not that of the alarms."""
    house = House()
    house.own = []
    for name, source in (("lamp", "10.0.0.7"), ("plug", "10.0.0.8")) * 2:
        house.lan.hear(ptr(name), srv(name), txt(name), address(text=source), source=source)
        house.lan.wait(20)
    assert house.look(1) == ["raised duplicate-host"]
    alarm = next(house.census.up())
    assert {"10.0.0.7", "10.0.0.8"} <= set(alarm.sentence.replace(":", "").split())
    assert alarm.since_unix_s == house.lan.moment.unix_s


def test_an_address_that_two_hosts_say_is_theirs_is_an_alarm() -> None:
    """The address is its subject, and both hosts are named."""
    house = House()
    house.own = []
    house.lan.hear(
        *whole("plug", "plug.local")[:3], address("plug.local", "10.0.0.8"), source="10.0.0.8"
    )
    house.lan.hear(*whole(), address(text="10.0.0.8"))
    assert house.look(1) == ["raised cross-wired"]
    alarm = next(house.census.up())
    assert alarm.subject == "10.0.0.8"
    assert "lamp.local, which is 10.0.0.7" in alarm.sentence
    assert "10.0.0.8 is plug.local" in alarm.sentence


def test_a_copy_of_us_is_an_alarm_whoever_has_kept_which_name() -> None:
    """Our own host name gave way, and its instance name: each has one of the two left."""
    house = House()
    said = txt(rdata=b"\x0did=0123456789")
    house.lan.hear(ptr(), srv(host="lamp-2.local"), said, address("lamp-2.local"))
    other = "lamp (2)"
    twin = [ptr(other), srv(other), txt(other, said.data), address(text="10.0.0.8")]  # type: ignore[arg-type]
    house.lan.hear(*twin, source="10.0.0.8")
    assert house.look(2) == ["raised duplicate-identity"]
    assert next(house.census.up()).subject == "id=0123456789"


def test_our_own_services_may_share_an_identity() -> None:
    """Nor is one a copy that is heard at our address, under the name we had before."""
    house = House()
    for name in ("lamp", "old lamp"):
        said = txt(name, b"\x0did=0123456789")
        house.lan.hear(ptr(name), srv(name), said, address())
    assert house.look(2) == []


async def test_it_looks_at_the_hardware_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    """The neighbour table is read, and the device known by it; the vendor by the list."""
    mac = "b8:27:eb:12:34:56"
    monkeypatch.setattr(module, "neighbours", lambda: {ip_address("10.0.0.7"): mac})
    house, looked = House(), asyncio.Event()
    monkeypatch.setattr(house.census, "look", looked.set)
    house.lan.hear(*whole())
    for event in house.lan.events:
        assert isinstance(event, ServiceEvent)
        house.census.take(event)
    watching = asyncio.ensure_future(house.census.watch())
    await asyncio.wait_for(looked.wait(), 10)
    watching.cancel()
    (device,) = house.census.devices.group(house.lan.registry.services())
    assert device.mac == mac
    assert "Raspberry" in (house.census.vendor(device) or "")
