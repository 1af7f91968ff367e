"""Addresses change: both sides find each other again within seconds, and the old ones are gone."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.lan.process import eventually
from tests.lan.program import services
from tests.lan.scene import LAMP, Scene, ipv4_only

if TYPE_CHECKING:
    from tests.lan.host import Host
    from tests.lan.lab import Lab

# Begins what takes minutes, to run beside these.
pytestmark = pytest.mark.usefixtures("long_waits")


def test_the_address_is_replaced(lab: Lab) -> None:
    """A new lease: at once the new one is announced, and the old one taken back."""
    scene = Scene(lab, ipv4_only(lab, "pi"), ipv4_only(lab, "lamp"))
    with scene.recovery("10.77.0.99", lines=2):
        scene.pi.move_address("10.77.0.1/24", "10.77.0.99/24")
    assert scene.taken_back() == {"10.77.0.1"}


def test_a_second_address_is_added(lab: Lab) -> None:
    """Both are told."""
    scene = Scene(lab, ipv4_only(lab, "pi"), ipv4_only(lab, "lamp"))
    with scene.recovery("10.77.0.99"):
        scene.pi.add_address("10.77.0.99/24")
    assert scene.told()[-1] == {"10.77.0.1", "10.77.0.99"}


def test_the_subnet_changes(lab: Lab) -> None:
    """The router has another plan: the lamp has moved already, then we do."""
    scene = Scene(lab, ipv4_only(lab, "pi"), ipv4_only(lab, "lamp"))
    scene.lamp.add_address("10.99.0.2/24")
    eventually(lambda: len(services(scene.pi)[LAMP.name]["addresses"]) == 2, what="both addresses")
    relations = {one["address"]: one["relation"] for one in lamp(scene)["addresses"]}
    assert relations == {"10.77.0.2": "same-subnet", "10.99.0.2": "other-subnet"}
    with scene.recovery("10.99.0.1", lines=2):
        scene.pi.move_address("10.77.0.1/24", "10.99.0.1/24")
    relations = {one["address"]: one["relation"] for one in lamp(scene)["addresses"]}
    assert relations["10.99.0.2"] == "same-subnet"
    assert relations.get("10.77.0.2", "other-subnet") == "other-subnet"
    assert lamp(scene)["url"] == "http://10.99.0.2:8086/"


def test_with_ipv6_only(lab: Lab) -> None:
    """From the start, and after a prefix was replaced."""
    scene = Scene(lab, lab.host("pi", ipv4=None), lab.host("lamp", ipv4=None))
    with scene.recovery("fd77:9::1", lines=2):
        scene.pi.move_address("fd77:0:0:0::1/64", "fd77:9::1/64")


def test_a_privacy_address_is_rotated(lab: Lab) -> None:
    """RFC 8981: none of them is told to anybody, and nobody hears that there is another."""
    pi = lab.host("pi")
    # A new one every few seconds, as the kernel makes them for a router's prefix every day.
    for key, value in (("use_tempaddr", 2), ("temp_prefered_lft", 8), ("temp_valid_lft", 16)):
        pi.sysctl(f"net.ipv6.conf.eth0.{key}", value)
    scene = Scene(lab, pi)
    pi.ip("address add fd99::1/64 dev eth0 mngtmpaddr")
    first = eventually(lambda: temporary(pi), what="the kernel makes one")
    eventually(lambda: "fd99::1" in set().union(*scene.told()), what="the stable one is told")
    with scene.recovery(lines=0):
        eventually(lambda: len(first | temporary(pi)) > len(first), 30, "the kernel makes another")
        eventually(lambda: not first & temporary(pi), 30, "the first is gone")
    assert not any(first & told for told in scene.told())


def lamp(scene: Scene) -> dict[str, Any]:
    """The lamp as the daemon shows it."""
    view: dict[str, Any] = services(scene.pi)[LAMP.name]
    return view


def temporary(host: Host) -> set[str]:
    """The privacy addresses that a host has now."""
    shown = json.loads(host.run(["ip", "-json", "-6", "address", "show", "dev", "eth0"]).stdout)
    return {one["local"] for one in shown[0]["addr_info"] if one.get("temporary")}
