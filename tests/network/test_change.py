"""What a difference between two looks asks for: a link anew, an announcement, or nothing."""

from dataclasses import replace
from ipaddress import ip_interface

import pytest

from lanbridge.core.addresses import NetworkInterface, NetworkState
from lanbridge.network.change import Change, compare, everything

LINK_LOCAL = ip_interface("fe80::1%eth0/64")
ETH0 = NetworkInterface(
    name="eth0",
    index=2,
    addresses=(ip_interface("192.168.1.5/24"), LINK_LOCAL),
    mac="02:00:00:00:00:01",
    mtu_bytes=1500,
    up=True,
    loopback=False,
    multicast=True,
    point_to_point=False,
    used=True,
    why="up, with an address",
    carrier_changes=2,
)
WLAN0 = replace(ETH0, name="wlan0", index=3)
BARE = replace(ETH0, addresses=(), used=False, why="it has no address yet")
DOWN = replace(ETH0, up=False, used=False, why="it is down", carrier_changes=3)
DOCKER = replace(WLAN0, name="docker0", used=False, why="looks like a container bridge")
TEXT = "192.168.1.5/24, fe80::1%eth0/64"


def having(*addresses: str) -> NetworkInterface:
    """eth0 with these and its link-local address."""
    return replace(ETH0, addresses=(*map(ip_interface, addresses), LINK_LOCAL))


Interfaces = list[NetworkInterface]
LINKS: dict[str, tuple[Interfaces, Interfaces, list[str]]] = {
    "gone": ([ETH0, WLAN0], [ETH0], ["wlan0 is gone"]),
    "came": ([], [ETH0], [f"eth0 came: {TEXT}"]),
    "lease": ([BARE], [ETH0], [f"eth0 changed: up, with an address; {TEXT}"]),
    "lease lost": ([ETH0], [BARE], ["eth0 changed: it has no address yet"]),
    "cable pulled": ([ETH0], [DOWN], ["eth0 changed: it is down"]),
    "cable pulled and plugged in between two looks": (
        [ETH0],
        [replace(ETH0, carrier_changes=4)],
        [f"eth0 was without a link for a moment; {TEXT}"],
    ),
    "another one of the same name": (
        [ETH0],
        [replace(ETH0, index=9)],
        [f"eth0 is another interface than before, of the same name; {TEXT}"],
    ),
    "another subnet": (
        [ETH0],
        [having("10.0.0.5/24")],
        ["eth0 is in another subnet: 10.0.0.5/24, fe80::1%eth0/64"],
    ),
    "all at once, in order of name": (
        [WLAN0],
        [ETH0],
        [f"eth0 came: {TEXT}", "wlan0 is gone"],
    ),
}
ADDRESSES: dict[str, tuple[Interfaces, Interfaces, list[str]]] = {
    "another one in the subnet": (
        [ETH0],
        [having("192.168.1.9/24")],
        ["eth0 changed: 192.168.1.9/24, fe80::1%eth0/64"],
    ),
    "one more": (
        [ETH0],
        [having("192.168.1.5/24", "10.0.0.5/24")],
        ["eth0 changed: 192.168.1.5/24, 10.0.0.5/24, fe80::1%eth0/64"],
    ),
    "the first that is not link-local": (
        [having()],
        [ETH0],
        [f"eth0 changed: {TEXT}"],
    ),
    "the last that is not link-local": (
        [ETH0],
        [having()],
        ["eth0 changed: fe80::1%eth0/64"],
    ),
}
COSMETIC: dict[str, tuple[Interfaces, Interfaces, list[str]]] = {
    "nothing": ([ETH0], [ETH0], []),
    "another order of interfaces": ([ETH0, WLAN0], [WLAN0, ETH0], []),
    "MTU": ([ETH0], [replace(ETH0, mtu_bytes=1400)], ["eth0: mtu_bytes 1500 is 1400 now"]),
    "another order of addresses": (
        [having("10.0.0.5/24", "10.0.0.6/24")],
        [having("10.0.0.6/24", "10.0.0.5/24")],
        ["eth0: addresses"],
    ),
    "a privacy address": (
        [ETH0],
        [replace(ETH0, passing=(ip_interface("2001:db8::9/64"),))],
        ["eth0: passing"],
    ),
    "a container bridge came": ([ETH0], [ETH0, DOCKER], ["docker0 came: looks like"]),
    "a container bridge went": ([ETH0, DOCKER], [ETH0], ["docker0 is gone; it was not used"]),
    "what is not used changes": ([DOWN], [BARE], ["eth0: addresses"]),
    "it came without an address": ([], [BARE], ["eth0 came: it has no address yet"]),
}


def between(before: Interfaces, after: Interfaces) -> Change:
    """Of hosts that have these interfaces and no others."""
    return compare(NetworkState(tuple(before)), NetworkState(tuple(after)))


@pytest.mark.parametrize(("before", "after", "told"), LINKS.values(), ids=LINKS)
def test_a_link_that_came_went_or_may_be_another(
    before: Interfaces, after: Interfaces, told: list[str]
) -> None:
    """mDNS begins anew on it, RFC 6762 §8."""
    change = between(before, after)
    assert [one.reason for one in change.links] == told
    assert change.reasons == tuple(told)
    assert change.matters
    assert not change.addresses


@pytest.mark.parametrize(("before", "after", "told"), ADDRESSES.values(), ids=ADDRESSES)
def test_a_link_that_stays_with_other_addresses(
    before: Interfaces, after: Interfaces, told: list[str]
) -> None:
    """An announcement is enough, RFC 6762 §8.4."""
    change = between(before, after)
    assert [one.reason for one in change.addresses] == told
    assert change.reasons == tuple(told)
    assert (change.matters, change.links, change.renewed) == (True, (), frozenset())


@pytest.mark.parametrize(("before", "after", "told"), COSMETIC.values(), ids=COSMETIC)
def test_what_nothing_has_to_be_done_about(
    before: Interfaces, after: Interfaces, told: list[str]
) -> None:
    """It is kept with its reason, and nobody is told."""
    change = between(before, after)
    assert (change.matters, change.reasons) == (False, ())
    assert len(change.cosmetic) == len(told)
    for difference, beginning in zip(change.cosmetic, told, strict=True):
        assert difference.reason.startswith(beginning)


def test_after_a_sleep_every_used_link_begins_anew() -> None:
    """For one reason, which is said once; what changed meanwhile is said too."""
    slept = everything(NetworkState((ETH0, WLAN0, DOCKER)), "this host slept for 180 s")
    change = between([ETH0, BARE], [ETH0, WLAN0]) + slept
    assert change.renewed == {"eth0", "wlan0"}
    assert change.reasons[-1] == "this host slept for 180 s"
    assert len(change.reasons) == len(change.links) - 1
