"""Which interfaces mDNS runs on: one table, with the reason that is shown."""

from collections.abc import Sequence

import pytest

from lanbridge.network.policy import decide

FINE = {
    "up": True,
    "loopback": False,
    "multicast": True,
    "point_to_point": False,
    "has_address": True,
}
TUNNEL = {"point_to_point": True, "multicast": True}

TABLE: dict[str, tuple[str, dict[str, bool], bool, str]] = {
    "ethernet": ("eth0", {}, True, "up, with an address"),
    "predictable": ("enp3s0", {}, True, "up, with an address"),
    "wi-fi": ("wlan0", {}, True, "up, with an address"),
    "a VLAN": ("eth0.20", {}, True, "up, with an address"),
    "a bridge": ("br0", {}, True, "up, with an address"),
    "OpenWrt's bridge": ("br-lan", {}, True, "up, with an address"),
    "a bond": ("bond0", {}, True, "up, with an address"),
    "a USB gadget": ("usb0", {}, True, "up, with an address"),
    "macOS": ("en0", {}, True, "up, with an address"),
    "docker0": ("docker0", {}, False, "looks like a container bridge; interfaces_include = "),
    "docker swarm": ("docker_gwbridge", {}, False, "looks like a container bridge"),
    "docker network": ("br-0123456789ab", {}, False, "looks like a container bridge"),
    "podman": ("podman0", {}, False, "looks like a container bridge"),
    "kubernetes": ("cni0", {}, False, "looks like a container bridge"),
    "a container's end": ("veth1a2b3c4", {}, False, "looks like a container's link"),
    "libvirt": ("virbr0", {}, False, "looks like a bridge of virtual machines"),
    "tun": ("tun0", TUNNEL, False, "looks like a tunnel"),
    "wireguard": ("wg0", TUNNEL, False, "looks like a VPN"),
    "tailscale": ("tailscale0", TUNNEL, False, "looks like a VPN"),
    "ppp": ("ppp0", TUNNEL, False, "looks like a point-to-point link"),
    "point-to-point by its flag": ("wwan0", TUNNEL, False, "a point-to-point link; "),
    "Apple's": ("awdl0", {}, False, "looks like Apple's peer-to-peer link"),
    "loopback": ("lo", {"loopback": True}, False, "loopback reaches nobody else"),
    "down": ("eth0", {"up": False}, False, "it is down"),
    "no multicast": ("eth0", {"multicast": False}, False, "it does not do multicast"),
    "no address": ("eth0", {"has_address": False}, False, "it has no address yet"),
}


def ask(
    name: str,
    properties: dict[str, bool],
    include: Sequence[str] = (),
    exclude: Sequence[str] = (),
) -> tuple[bool, str]:
    """Of an interface on which all is fine, but for these properties."""
    own = FINE | properties
    return decide(
        name,
        up=own["up"],
        loopback=own["loopback"],
        multicast=own["multicast"],
        point_to_point=own["point_to_point"],
        has_address=own["has_address"],
        include=include,
        exclude=exclude,
    )


@pytest.mark.parametrize(("name", "properties", "used", "why"), TABLE.values(), ids=TABLE)
def test_by_name_and_properties(
    name: str, properties: dict[str, bool], why: str, *, used: bool
) -> None:
    """What reaches neighbours is taken in, and the reason says why not."""
    taken, reason = ask(name, properties)
    assert taken is used
    assert reason.startswith(why)


def test_the_reason_says_how_to_take_it_in() -> None:
    """The line can be copied into the settings, and it works."""
    _, why = ask("docker0", {})
    assert why.endswith("interfaces_include = ['docker0'] takes it in")
    assert ask("docker0", {}, ["docker0"])[0]


@pytest.mark.parametrize(
    ("name", "include", "exclude", "used", "why"),
    [
        ("eth0", ["eth*"], [], True, "interfaces_include names it (eth*)"),
        ("eth0", ["wlan0", "eth0"], [], True, "interfaces_include names it (eth0)"),
        ("wlan0", ["eth*"], [], False, "interfaces_include does not name it"),
        ("docker0", ["docker0"], [], True, "interfaces_include names it (docker0)"),
        ("wg0", ["wg?"], [], True, "interfaces_include names it (wg?)"),
        ("eth0", [], ["eth*"], False, "interfaces_exclude names it (eth*)"),
        ("eth1", [], ["eth[0]"], True, "up, with an address"),
        ("eth0", ["eth*"], ["eth0"], False, "interfaces_exclude names it (eth0)"),
        ("ETH0", [], ["eth0"], True, "up, with an address"),
        ("docker0", [], ["docker0"], False, "interfaces_exclude names it (docker0)"),
    ],
)
def test_patterns(
    name: str, include: list[str], exclude: list[str], why: str, *, used: bool
) -> None:
    """Include takes in what is left out otherwise and nothing else; exclude wins; case counts."""
    assert ask(name, {}, include, exclude) == (used, why)


@pytest.mark.parametrize(
    ("properties", "why"),
    [
        ({"loopback": True}, "loopback reaches nobody else"),
        ({"up": False}, "it is down"),
        ({"multicast": False}, "it does not do multicast"),
        ({"has_address": False}, "it has no address yet"),
    ],
)
def test_a_wish_does_not_make_it_work(properties: dict[str, bool], why: str) -> None:
    """What is included must be able to do it all the same."""
    assert ask("eth0", properties, ["*"]) == (False, why)


def test_a_tunnel_may_be_wished_for() -> None:
    """A tap bridge between two sites is a LAN to whoever made it."""
    assert ask("tun0", TUNNEL, ["tun0"])[0]
