"""The snapshot of this machine, and that the two libraries say the same of it."""

import socket
import sys
from ipaddress import IPv4Interface, IPv6Interface, ip_address, ip_interface
from pathlib import Path

import ifaddr
import netifaces
import pytest

from lanbridge.core.addresses import Relation, classify
from lanbridge.network import interfaces
from lanbridge.network.interfaces import snapshot

LOOPBACK = "lo" if sys.platform.startswith("linux") else "lo0"


def test_loopback_is_there_and_not_used() -> None:
    """With its flags, its index and its prefix."""
    lo = snapshot().by_name(LOOPBACK)
    assert lo is not None
    assert (lo.up, lo.loopback, lo.point_to_point, lo.used) == (True, True, False, False)
    assert lo.why == "loopback reaches nobody else"
    assert lo.index == socket.if_nametoindex(LOOPBACK)
    assert IPv4Interface("127.0.0.1/8") in lo.addresses


def test_loopback_has_no_hardware_address() -> None:
    """Zeros are none; elsewhere than on Linux nothing is asked."""
    lo = snapshot().by_name(LOOPBACK)
    assert lo is not None
    assert lo.mac is None
    assert lo.multicast is False
    assert lo.mtu_bytes is None or lo.mtu_bytes >= 1_500


def test_each_interface_is_there_once_in_order_of_index() -> None:
    """By the kernel's own list."""
    state = snapshot()
    assert [one.name for one in state.interfaces] == [
        name for _, name in sorted(socket.if_nameindex())
    ]


def test_patterns_reach_the_policy() -> None:
    """What is excluded is not used, for that reason."""
    state = snapshot(exclude=["*"])
    assert state.used == ()
    others = [one for one in state.interfaces if not one.loopback]
    assert all(one.why == "interfaces_exclude names it (*)" for one in others)
    state = snapshot(include=["no-such"])
    assert state.used == ()


def test_every_address_of_this_host_is_itself() -> None:
    """What `core.addresses` makes of the snapshot."""
    state = snapshot()
    for address in state.own_addresses:
        verdict = classify(address, state)
        assert verdict.relation in (Relation.SELF, Relation.LOOPBACK, Relation.UNUSABLE)


def test_link_local_addresses_have_their_zone() -> None:
    """RFC 4007 §6, and no other address has one."""
    for interface in snapshot().interfaces:
        for own in interface.addresses:
            if isinstance(own, IPv6Interface):
                assert own.scope_id == (interface.name if own.is_link_local else None)


def test_netifaces_and_ifaddr_agree() -> None:
    """A contract test: every address and prefix of this host, by either library."""
    by_netifaces = {
        (name, ip_interface(f"{entry['addr'].partition('%')[0]}/{_prefix(entry['netmask'])}"))
        for name in netifaces.interfaces()
        for family in (netifaces.AF_INET, netifaces.AF_INET6)
        for entry in netifaces.ifaddresses(name).get(family, ())
    }
    by_ifaddr = {
        (adapter.nice_name, ip_interface(f"{_text(ip)}/{ip.network_prefix}"))
        for adapter in ifaddr.get_adapters()
        for ip in adapter.ips
    }
    assert by_netifaces == by_ifaddr
    assert by_ifaddr


def test_gateways_are_addresses() -> None:
    """The default ones among them, and none where there is no route."""
    defaults = netifaces.gateways()["default"]
    assert isinstance(defaults, dict)
    gateways = snapshot().gateways
    assert {ip_address(one[0]) for one in defaults.values()} <= set(gateways)
    assert all(not one.is_unspecified for one in gateways)


def test_without_netifaces_gateways_are_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    """There is no wheel of it for every machine; all the rest is the same."""
    whole = snapshot()
    monkeypatch.setitem(sys.modules, "netifaces", None)
    without = snapshot()
    assert without.gateways == ()
    assert without.interfaces == whole.interfaces


def test_a_label_is_no_interface(monkeypatch: pytest.MonkeyPatch) -> None:
    """`ip address add … label lo:1` puts an address on lo; a second link it is not."""
    index = socket.if_nametoindex(LOOPBACK)

    def adapter(name: str, *ips: ifaddr.IP) -> ifaddr.Adapter:
        return ifaddr.Adapter(name, name, list(ips), index)

    listed = [
        adapter("lo", ifaddr.IP("127.0.0.1", 8, "lo"), ifaddr.IP(("fe90::1", 0, index), 64, "lo")),
        adapter("lo:1", ifaddr.IP("127.9.9.9", 8, "lo:1")),
    ]
    monkeypatch.setattr(interfaces, "_LINUX", True)
    monkeypatch.setattr(ifaddr, "get_adapters", lambda include_unconfigured: listed)
    (lo,) = snapshot().interfaces
    assert (lo.name, lo.index) == ("lo", index)
    assert lo.addresses == (
        IPv4Interface("127.0.0.1/8"),
        IPv6Interface("fe90::1%lo/64"),
        IPv4Interface("127.9.9.9/8"),
    )


def test_an_interface_that_goes_meanwhile_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """Between the list and the questions about it a USB adapter can be pulled."""
    gone = ifaddr.Adapter("gone0", "gone0", [ifaddr.IP("10.0.0.1", 24, "gone0")], 4_000)
    monkeypatch.setattr(ifaddr, "get_adapters", lambda include_unconfigured: [gone])
    assert snapshot().interfaces == ()


def test_addresses_that_are_not_ours_yet_or_not_for_long_are_told_apart(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Duplicate address detection is not over, or has failed; deprecated and temporary ones go."""
    table = tmp_path / "if_inet6"
    flags = (0x80, 0x40, 0x08, 0x20, 0x01, 0x41)
    table.write_text(
        "".join(
            f"fe80000000000000000000000000000{number} 01 40 20 {held:02x} lo\n"
            for number, held in enumerate(flags, 1)
        )
    )
    monkeypatch.setattr(interfaces, "_IF_INET6", table)
    assert interfaces._ipv6_flags() == (
        {IPv6Interface(f"fe80::{number}%lo/64") for number in (2, 3, 6)},
        {IPv6Interface(f"fe80::{number}%lo/64") for number in (4, 5)},
    )
    monkeypatch.setattr(interfaces, "_IF_INET6", table / "absent")
    assert interfaces._ipv6_flags() == (set(), set())


def test_a_temporary_address_is_ours_and_not_told(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """RFC 8981: another one tomorrow. Who knocks with it is ourselves nevertheless."""
    table = tmp_path / "if_inet6"
    table.write_text("20010db8000000000000000000000009 01 40 00 01 lo\n")
    index = socket.if_nametoindex(LOOPBACK)
    ips = [ifaddr.IP(("2001:db8::9", 0, 0), 64, "lo"), ifaddr.IP(("2001:db8::1", 0, 0), 64, "lo")]
    listed = [ifaddr.Adapter("lo", "lo", ips, index)]
    monkeypatch.setattr(interfaces, "_IF_INET6", table)
    monkeypatch.setattr(ifaddr, "get_adapters", lambda include_unconfigured: listed)
    state = snapshot()
    (lo,) = state.interfaces
    assert lo.addresses == (IPv6Interface("2001:db8::1/64"),)
    assert lo.passing == (IPv6Interface("2001:db8::9/64"),)
    assert classify(ip_address("2001:db8::9"), state).relation is Relation.SELF


def _prefix(netmask: str) -> str:
    return netmask.rpartition("/")[2] if "/" in netmask else netmask


def _text(ip: ifaddr.IP) -> str:
    return ip.ip if isinstance(ip.ip, str) else ip.ip[0]
