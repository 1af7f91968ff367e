"""The LAN rule: which address of a service a phone may use, and why none."""

import contextlib
from ipaddress import IPv6Address, ip_address, ip_interface

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lanbridge.core.addresses import Address, NetworkState, Reach, Viewer
from lanbridge.core.errors import InvalidAddress
from lanbridge.wechat.lan import Phone, phone_from
from tests.echo.home import interface

PI = NetworkState(
    (
        interface("lo", 1, "127.0.0.1/8", "::1/128"),
        interface("eth0", 2, "192.168.1.5/24", "fe80::5/64", "2001:db8:1::5/64"),
        interface("docker0", 3, "172.17.0.1/16", used=False),
    )
)

ADDRESSES = st.ip_addresses() | st.builds(
    lambda v6, scope: IPv6Address(f"{v6}%{scope}"),
    st.ip_addresses(v=6, network="fe80::/10"),
    st.sampled_from(["eth0", "1", "\u202e"]),
)
INTERFACES = st.builds(
    lambda text, length: f"{text}/{length % (33 if ':' not in text else 129)}",
    st.ip_addresses().map(str),
    st.integers(0, 128),
)


class TestPhoneFrom:
    """Who asks, and the mask it has."""

    @pytest.mark.parametrize(
        ("text", "interface", "assumed"),
        [
            ("192.168.1.77/23", "192.168.1.77/23", False),
            ("192.168.1.77/255.255.0.0", "192.168.1.77/16", False),
            ("192.168.1.77", "192.168.1.77/24", False),
            ("10.0.9.9", "10.0.9.9/24", True),
            ("::ffff:192.168.1.77", "192.168.1.77/24", False),
            ("2001:db8:1::77", "2001:db8:1::77/64", False),
            ("2001:db8:9::77", "2001:db8:9::77/64", True),
            ("127.0.0.1", "127.0.0.1/24", True),
            ("127.0.0.1/8", "127.0.0.1/8", False),
            ("::1", "::1/64", True),
            ("10.0.9.255", "10.0.9.255/24", True),
            ("10.0.9.255/16", "10.0.9.255/16", False),
            ("10.0.0.0/31", "10.0.0.0/31", False),
            ("172.17.0.9", "172.17.0.9/24", True),
            ("fe80::9%eth0/64", "fe80::9%eth0/64", False),
        ],
    )
    def test_phone_from(self, text: str, interface: str, assumed: bool) -> None:
        """A prefix is the one given, else that of our subnet, else assumed."""
        assert phone_from(text, PI) == Phone(ip_interface(interface), assumed)

    def test_a_shorter_prefix_of_ours(self) -> None:
        """The phone's prefix is taken from the subnet that holds it, not from a habit."""
        phone = phone_from("10.18.3.4", NetworkState((interface("eth0", 2, "10.18.0.5/16"),)))
        assert phone == Phone(ip_interface("10.18.3.4/16"))

    @pytest.mark.parametrize(
        ("text", "rule"),
        [
            ("", "not an IPv4 or IPv6 address"),
            ("phone", "not an IPv4 or IPv6 address"),
            ("192.168.1.77/33", "'33' is no prefix length of IPv4"),
            ("192.168.1.77/", "'' is no prefix length of IPv4"),
            ("::1/24/24", "'24/24' is no prefix length of IPv6"),
            ("10.0.0.0/8", "it is the network or broadcast address of 10.0.0.0/8, which no phone"),
            ("192.168.1.255/24", "is the network or broadcast address of 192.168.1.0/24, which"),
            ("0.0.0.0", "it is the unspecified address, which no phone has"),
            ("224.0.0.251/24", "it is a multicast address, not one machine, which no phone has"),
            ("ff02::fb", "it is a multicast address"),
        ],
    )
    def test_refused(self, text: str, rule: str) -> None:
        """What is no address, or no prefix of it, is refused with the reason."""
        with pytest.raises(InvalidAddress) as caught:
            phone_from(text, PI)
        assert rule in caught.value.rule

    @given(st.text() | st.from_regex(r"\A[0-9.:]{1,20}(/[0-9.]{1,3})?\Z"))
    def test_phone_from_is_total(self, text: str) -> None:
        """Any text is a phone or refused."""
        with contextlib.suppress(InvalidAddress):
            phone_from(text, PI)


PHONE = "192.168.1.77/24"
OUTSIDE = "outside 192.168.1.0/24, the subnet of 192.168.1.77 by its mask 255.255.255.0"

REACH: dict[str, tuple[list[str], int, str, str | None, str | None]] = {
    "neighbour": (["192.168.1.20"], 80, PHONE, "192.168.1.20", None),
    "first that passes": (
        ["fe80::1", "172.17.0.1", "192.168.1.20", "192.168.1.21"],
        80,
        PHONE,
        "192.168.1.20",
        None,
    ),
    "mapped": (["::ffff:192.168.1.20"], 65535, PHONE, "192.168.1.20", None),
    "by the phone's own mask": (["10.0.3.4"], 1, "10.0.9.9/16", "10.0.3.4", None),
    "/31": (["10.0.0.0"], 80, "10.0.0.1/31", "10.0.0.0", None),
    "/0": (["8.8.8.8"], 80, "10.0.0.1/0", "8.8.8.8", None),
    "other subnet": (["192.168.2.20"], 80, PHONE, None, f"192.168.2.20 is {OUTSIDE}"),
    "two others": (
        ["192.168.2.20", "fe80::1", "172.17.0.1"],
        80,
        PHONE,
        None,
        f"192.168.2.20 and 172.17.0.1 are {OUTSIDE}",
    ),
    "many others": (
        [f"10.0.0.{number}" for number in range(64)],
        80,
        PHONE,
        None,
        f"10.0.0.0 and 10.0.0.1 and 10.0.0.2 and 10.0.0.3 are {OUTSIDE}",
    ),
    "/32": (
        ["192.168.1.20"],
        80,
        "192.168.1.77/32",
        None,
        "192.168.1.20 is outside 192.168.1.77/32, the subnet of 192.168.1.77 "
        "by its mask 255.255.255.255",
    ),
    "phone itself": (["192.168.1.77"], 80, PHONE, None, "192.168.1.77 is the phone itself"),
    "phone itself and another": (
        ["192.168.1.77", "192.168.2.20"],
        80,
        PHONE,
        None,
        f"192.168.1.77 is the phone itself; 192.168.2.20 is {OUTSIDE}",
    ),
    "broadcast": (
        ["192.168.1.255"],
        80,
        PHONE,
        None,
        "192.168.1.255 is the network or broadcast address of 192.168.1.0/24",
    ),
    "loopback": (["127.0.0.1"], 80, PHONE, None, "127.0.0.1 is a loopback address"),
    "multicast in a /0": (
        ["224.0.0.251"],
        80,
        "10.0.0.1/0",
        None,
        "224.0.0.251 is a multicast address, not one machine",
    ),
    "port 0": (["192.168.1.20"], 0, PHONE, None, "port 0 is no port that one can connect to"),
    "port 65536": (
        ["192.168.1.20"],
        65536,
        PHONE,
        None,
        "port 65536 is no port that one can connect to",
    ),
    "ipv6 only": (
        ["fe80::1", "2001:db8::1"],
        80,
        PHONE,
        None,
        "no IPv4 address, and WeChat takes no other, is known",
    ),
    "unresolved": ([], 80, PHONE, None, "no address is known"),
    "phone on ipv6": (
        ["192.168.1.20"],
        80,
        "2001:db8::9/64",
        None,
        "the phone 2001:db8::9 has IPv6, and WeChat compares IPv4 only",
    ),
    "phone on loopback": (
        ["192.168.1.20"],
        80,
        "127.0.0.1/8",
        None,
        "192.168.1.20 is outside 127.0.0.0/8, the subnet of 127.0.0.1 by its mask 255.0.0.0",
    ),
}


class TestReach:
    """Whether a mini-program on the phone may talk to a service."""

    @pytest.mark.parametrize(
        ("addresses", "port", "phone", "address", "reason"), REACH.values(), ids=REACH
    )
    def test_reach(
        self, addresses: list[str], port: int, phone: str, address: str | None, reason: str | None
    ) -> None:
        """An address is picked, or one sentence says why there is none."""
        answer = Phone(ip_interface(phone)).reach(list(map(ip_address, addresses)), port)
        picked = ip_address(address) if address else None
        assert answer == Reach(picked is not None, reason, picked)

    def test_an_assumed_mask_is_called_so(self) -> None:
        """A guess is no fact: the reason says that the mask was assumed."""
        phone = phone_from("10.0.9.9", PI)
        reason = phone.reach([ip_address("10.0.8.8")], 80).reason
        assert reason is not None
        assert "by its assumed mask 255.255.255.0" in reason

    @given(st.lists(ADDRESSES, max_size=5), st.integers(), INTERFACES)
    def test_reach_is_total(self, addresses: list[Address], port: int, phone: str) -> None:
        """Any service and any phone get an answer: an address of the subnet, or a reason."""
        interface = ip_interface(phone)
        answer = Phone(interface).reach(addresses, port)
        assert answer.reachable == (answer.address is not None) == (answer.reason is None)
        if answer.address is not None:
            assert answer.address in interface.network
            assert answer.address != interface.ip


def test_a_phone_is_a_viewer() -> None:
    """The views of core ask whoever has `reach`, and know no rule themselves."""
    viewer: Viewer = Phone(ip_interface(PHONE))
    assert viewer.reach([ip_address("192.168.1.20")], 80).reachable
