"""Interfaces come, go and multiply: those of the LAN are followed, the others are let be."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.lan.namespaces import CommandError
from tests.lan.process import eventually
from tests.lan.program import http, services
from tests.lan.scene import LAMP, Scene

if TYPE_CHECKING:
    from tests.lan.host import Host
    from tests.lan.lab import Lab

# Begins what takes minutes, to run beside these.
pytestmark = pytest.mark.usefixtures("long_waits")


def test_one_interface_goes_and_another_comes(lab: Lab) -> None:
    """From Wi-Fi to the cable."""
    scene = Scene(lab)
    with scene.recovery("10.77.0.1", "fd77::1", lines=4):
        scene.pi.detach("eth0")
        eventually(lambda: not scene.ready(), what="it notices")
        assert services(scene.pi)[LAMP.name]["state"] == "stale"
        assert scene.pi.attach("lan").name == "eth1"


def test_an_interface_is_made_anew_under_its_name(lab: Lab) -> None:
    """A USB adapter that is pulled and plugged in at once: another index, the same name."""
    scene = Scene(lab)
    with scene.recovery("10.77.0.1", "fd77::1", lines=4):
        scene.pi.detach("eth0")
        scene.pi.attach("lan", name="eth0")


def test_vlan_names(lab: Lab) -> None:
    """eth0.20, which `ip` shows as eth0.20@eth0, is an interface like another."""
    pi, lamp = lab.host("pi", ipv4=None, ipv6=None), lab.host("lamp", ipv4=None, ipv6=None)
    vlan(lamp, "10.88.0.2/24")
    vlan(pi, "10.88.0.1/24")
    assert "eth0.20@eth0" in pi.run(["ip", "link"]).stdout
    scene = Scene(lab, pi, lamp, interface="eth0.20")
    with scene.recovery("10.88.0.1", lines=3):
        pi.ip("link del eth0.20")
        vlan(pi, "10.88.0.1/24")


def test_containers_and_tunnels_appear(lab: Lab) -> None:
    """Nobody is told of them, and the journal neither; /interfaces says why not."""
    scene = Scene(lab)
    with scene.recovery(lines=0):
        scene.pi.ip(
            "link add docker0 type bridge",
            "address add 172.17.0.1/16 dev docker0",
            "link add veth12ab type veth peer name vethinside",
            "link set veth12ab master docker0 up",
            "link set docker0 up",
            "tuntap add tun0 mode tun",
            "address add 10.8.0.6/24 dev tun0",
            "link set tun0 up",
        )
        eventually(lambda: {"docker0", "tun0"} <= unused(scene.pi).keys(), what="they are seen")
    told = unused(scene.pi)
    assert told["docker0"].startswith("looks like a container bridge")
    assert told["veth12ab"].startswith("looks like a container's link")
    assert told["tun0"].startswith("looks like a tunnel")
    assert not any({"172.17.0.1", "10.8.0.6"} & addresses for addresses in scene.told())


def test_a_bridge_appears(lab: Lab) -> None:
    """Of one that is no container's it cannot know better than to use it, with its own address."""
    scene = Scene(lab)
    with scene.recovery("10.77.0.1", new_links=1):
        scene.pi.ip(
            "link add br0 type bridge", "address add 10.66.0.1/24 dev br0", "link set br0 up"
        )
        eventually(lambda: "br0" in links(scene.pi), what="it is used")
    assert not any("10.66.0.1" in addresses for addresses in scene.told())


def test_the_interface_becomes_a_port_of_a_bridge(lab: Lab) -> None:
    """Its address moves to the bridge, as on a host of virtual machines."""
    scene = Scene(lab)
    with scene.recovery("10.77.0.1", lines=3):
        scene.pi.ip(
            "link add br0 type bridge stp_state 0 forward_delay 0 mcast_snooping 0",
            "address flush dev eth0",
            "link set eth0 master br0",
            "address add 10.77.0.1/24 dev br0",
            "link set br0 up",
        )


def test_two_interfaces_in_one_subnet(lab: Lab) -> None:
    """One cable is pulled: it is found by the other, under its name."""
    pi = lab.host("pi")
    lamp = lab.host("lamp")
    pi.attach("lan", ipv4="10.77.0.101/24", ipv6="fd77::101/64")
    scene = Scene(lab, pi, lamp)
    with scene.recovery():
        pi.set_cable(plugged=False)
        eventually(lambda: "eth0" not in links(pi), what="it notices")
    before = len(scene.told())
    with scene.recovery(new_links=1, lines=2):
        pi.set_cable(plugged=True)
    # Which of the two a neighbour keeps is open: each link announces its own with the cache-flush
    # bit (RFC 6762 §10.2), and the neighbour hears both on one.
    assert set(links(pi)) == {"eth0", "eth1"}
    assert set().union(*scene.told()[before:]) >= {"10.77.0.1", "10.77.0.101"}


def test_thirty_interfaces(lab: Lab) -> None:
    """All of them are used; one of them changes, then another comes."""
    pi, lamp = lab.host("pi"), lab.host("lamp")
    pi.ip(
        *(
            command
            for number in range(14)
            for command in (
                f"link add e{number}a type veth peer name e{number}b",
                f"address add 10.100.{number}.1/24 dev e{number}a",
                f"address add 10.101.{number}.1/24 dev e{number}b",
                f"link set e{number}a up",
                f"link set e{number}b up",
            )
        )
    )
    scene = Scene(lab, pi, lamp)
    assert len(links(pi)) == 29
    with scene.recovery("10.77.0.99", lines=2):
        pi.move_address("10.77.0.1/24", "10.77.0.99/24")
    with scene.recovery(lines=3, new_links=1):
        pi.attach("far")
        eventually(lambda: len(links(pi)) == 30, what="it runs on thirty")


def vlan(host: Host, address: str) -> None:
    """Give a host eth0.20; where the kernel has no 802.1Q, something else of that name and form."""
    try:
        host.ip("link add link eth0 name eth0.20 type vlan id 20")
    except CommandError:
        host.ip("link add link eth0 name eth0.20 type macvlan mode bridge")
    host.ip(f"address add {address} dev eth0.20", "link set eth0.20 up")


def links(host: Host) -> list[str]:
    """The interfaces that mDNS runs on."""
    status = http(host, "http://127.0.0.1:8620/api/v1/status").body
    return [str(one) for one in status["interfaces"]]


def unused(host: Host) -> dict[str, str]:
    """The interfaces that are not used, with the reason."""
    listed = http(host, "http://127.0.0.1:8620/api/v1/interfaces").body["items"]
    return {one["name"]: one["why"] for one in listed if not one["used"]}
