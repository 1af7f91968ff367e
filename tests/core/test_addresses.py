"""Same subnet, not myself: over every prefix length where the two are known to be confused."""

import contextlib
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_interface
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from lanbridge.core.addresses import (
    MAX_VERDICTS,
    Address,
    AddressVerdict,
    NetworkInterface,
    NetworkState,
    Relation,
    classify,
    is_mine,
    parse_address,
    parse_port,
    same_subnet,
)
from lanbridge.core.errors import InvalidAddress, InvalidPort

FLAGS: dict[str, dict[str, Any]] = {
    "down": {"up": False},
    "unused": {"used": False, "why": "container bridge."},
    "ppp": {"point_to_point": True},
    "loopback": {"loopback": True, "used": False},
}


def make_interface(text: str, index: int) -> NetworkInterface:
    """An interface from "eth0 192.168.1.5/24 fe80::5/64 unused"."""
    name, *words = text.split()
    fields: dict[str, Any] = {
        "mac": None,
        "mtu_bytes": 1500,
        "up": True,
        "loopback": False,
        "multicast": True,
        "point_to_point": False,
        "used": True,
        "why": "it has an address",
    }
    for word in words:
        fields |= FLAGS.get(word, {})
    addresses = tuple(ip_interface(word) for word in words if word not in FLAGS)
    return NetworkInterface(name=name, index=index, addresses=addresses, **fields)


def make_state(*interfaces: str) -> NetworkState:
    """A state of such interfaces, with indexes from 1."""
    return NetworkState(tuple(make_interface(text, i) for i, text in enumerate(interfaces, 1)))


LO = "lo 127.0.0.1/8 ::1/128 loopback"
PI = (LO, "eth0 192.168.1.5/24 fe80::5/64 2001:db8:1::5/64", "docker0 172.17.0.1/16 unused")
TWO = ("eth0 10.0.0.5/16 fe80::1/64", "wlan0 10.0.0.6/16 10.0.1.6/24 fe80::2/64")

SELF, SAME, OTHER = Relation.SELF, Relation.SAME_SUBNET, Relation.OTHER_SUBNET

# A host's interfaces; then, in two lines each, what is asked there and the verdict.
VERDICTS = """
host lo 127.0.0.1/8 ::1/128 loopback; eth0 192.168.1.5/24 fe80::5/64 2001:db8:1::5/64; \
docker0 172.17.0.1/16 unused
neighbour: 192.168.1.20
    same-subnet: 192.168.1.20 is in 192.168.1.0/24, the subnet of eth0
myself: 192.168.1.5 heard on eth0
    self: 192.168.1.5 is this host's own address on eth0
/24 network: 192.168.1.0
    unusable: 192.168.1.0 is the network address of 192.168.1.0/24 on eth0
ipv6 /64: 2001:db8:1::9
    same-subnet: 2001:db8:1::9 is in 2001:db8:1::/64, the subnet of eth0
ipv6 has no broadcast: 2001:db8:1::
    same-subnet: 2001:db8:1:: is in 2001:db8:1::/64, the subnet of eth0
ipv6 other /64: 2001:db8:2::9 heard on eth0
    other-subnet: heard on eth0, but 2001:db8:2::9 is in none of its prefixes: \
wrong mask, or a second subnet on the same wire
scope of a global address says nothing: 2001:db8:1::9%wlan9
    same-subnet: 2001:db8:1::9%wlan9 is in 2001:db8:1::/64, the subnet of eth0
docker address that every docker host has: 172.17.0.1 heard on eth0
    self: 172.17.0.1 is this host's own address on docker0
docker bridge is not used: 172.17.0.9 heard on eth0
    other-subnet: 172.17.0.9 is in 172.17.0.0/16 of docker0, \
an interface that is not used (container bridge)
heard, and in no prefix: 10.0.9.9 heard on eth0
    other-subnet: heard on eth0, but 10.0.9.9 is in none of its prefixes: \
wrong mask, or a second subnet on the same wire
link-local on an unused interface: fe80::9%docker0
    unusable: fe80::9%docker0 is link-local on an interface that is not used
link-local on an unknown interface: fe80::9%eth9
    unusable: fe80::9%eth9 is link-local on an interface that is not used
ipv4-mapped neighbour: ::ffff:192.168.1.20
    same-subnet: 192.168.1.20 is in 192.168.1.0/24, the subnet of eth0
ipv4-mapped self: ::ffff:192.168.1.5
    self: 192.168.1.5 is this host's own address on eth0
ipv4-mapped loopback: ::ffff:127.0.0.1
    loopback: 127.0.0.1 is a loopback address
loopback comes before self: 127.0.0.1
    loopback: 127.0.0.1 is a loopback address
all of 127/8 is loopback: 127.255.255.255
    loopback: 127.255.255.255 is a loopback address
ipv6 loopback: ::1
    loopback: ::1 is a loopback address
unspecified ipv6: ::
    unusable: :: is the unspecified address
multicast ipv6: ff02::fb%eth0
    unusable: ff02::fb%eth0 is a multicast address, not one machine
limited broadcast: 255.255.255.255
    unusable: 255.255.255.255 is the broadcast address
class E: 240.0.0.1
    unusable: 240.0.0.1 is in a reserved range
this network: 0.1.2.3
    unusable: 0.1.2.3 is in a reserved range
ipv4-compatible ipv6: ::192.168.1.20
    unusable: ::c0a8:114 is in a reserved range
unassigned ipv6: 4000::1
    unusable: 4000::1 is in a reserved range
hostile scope: fe80::9%\x1b[2J
    unusable: fe80::9%\\u{1b}[2J is link-local on an interface that is not used

host eth0 10.0.0.5/16 fe80::1/64; wlan0 10.0.0.6/16 10.0.1.6/24 fe80::2/64
overlap: the longest prefix: 10.0.1.9 heard on eth0
    same-subnet: 10.0.1.9 is in 10.0.1.0/24, the subnet of wlan0
duplicate subnet: the first: 10.0.9.9
    same-subnet: 10.0.9.9 is in 10.0.0.0/16, the subnet of eth0
duplicate subnet: where it was heard: 10.0.9.9 heard on wlan0
    same-subnet: 10.0.9.9 is in 10.0.0.0/16, the subnet of wlan0
duplicate subnet: my other interface is me: 10.0.0.6 heard on eth0
    self: 10.0.0.6 is this host's own address on wlan0
overlap: broadcast of the longer prefix: 10.0.1.255 heard on eth0
    unusable: 10.0.1.255 is the broadcast address of 10.0.1.0/24 on wlan0
link-local with scope: fe80::9%wlan0
    same-subnet: fe80::9%wlan0 is in fe80::/64, the subnet of wlan0
link-local with the index as scope: fe80::9%2 heard on eth0
    same-subnet: fe80::9%2 is in fe80::/64, the subnet of wlan0
link-local without scope: fe80::9
    unusable: fe80::9 is link-local, and nothing says on which interface
link-local without scope, heard: fe80::9 heard on wlan0
    same-subnet: fe80::9%wlan0 is in fe80::/64, the subnet of wlan0
link-local, heard on nonsense: fe80::9 heard on %
    unusable: fe80::9 is link-local, and nothing says on which interface
link-local of mine: fe80::1%eth0
    self: fe80::1%eth0 is this host's own address on eth0
my link-local on another link is somebody else: fe80::1%wlan0
    same-subnet: fe80::1%wlan0 is in fe80::/64, the subnet of wlan0

host eth0 192.168.1.5/24; tun0 10.8.0.2/24 fe80::8/64 ppp
point-to-point: 10.8.0.1 heard on tun0
    other-subnet: 10.8.0.1 is in 10.8.0.0/24 of tun0, a point-to-point link
point-to-point: my end: 10.8.0.2
    self: 10.8.0.2 is this host's own address on tun0
point-to-point: link-local: fe80::1%tun0
    other-subnet: fe80::1%tun0 is in fe80::/64 of tun0, a point-to-point link

host eth0 10.0.1.2/16
tailscale HasIP: in my /16 and not me: 10.0.9.9
    same-subnet: 10.0.9.9 is in 10.0.0.0/16, the subnet of eth0

host eth0 10.0.1.2/32
avahi: one /32 does not hold the world: 10.0.9.9
    other-subnet: 10.0.9.9 is in no subnet of this host (10.0.1.2/32 on eth0)
/32 is myself: 10.0.1.2
    self: 10.0.1.2 is this host's own address on eth0

host eth0 10.0.0.1/31
/31 has no edges: first: 10.0.0.0
    same-subnet: 10.0.0.0 is in 10.0.0.0/31, the subnet of eth0
/31 neighbour: 10.0.0.2
    other-subnet: 10.0.0.2 is in no subnet of this host (10.0.0.0/31 on eth0)

host eth0 10.0.0.0/31
/31 has no edges: last: 10.0.0.1
    same-subnet: 10.0.0.1 is in 10.0.0.0/31, the subnet of eth0

host eth0 10.0.0.1/30
/30 broadcast: 10.0.0.3
    unusable: 10.0.0.3 is the broadcast address of 10.0.0.0/30 on eth0

host eth0 192.168.0.5/23
/23 has hosts at .255: 192.168.0.255
    same-subnet: 192.168.0.255 is in 192.168.0.0/23, the subnet of eth0

host eth0 10.0.0.5/0
/0 holds everything: 8.8.8.8
    same-subnet: 8.8.8.8 is in 0.0.0.0/0, the subnet of eth0
/0 does not hold the other family: 2001:db8::1
    other-subnet: 2001:db8::1 is in no subnet of this host (0.0.0.0/0 on eth0)
unspecified: 0.0.0.0
    unusable: 0.0.0.0 is the unspecified address
multicast in my /0: 224.0.0.251
    unusable: 224.0.0.251 is a multicast address, not one machine

host eth0 2001:db8::5/128
ipv6 /128: 2001:db8::6
    other-subnet: 2001:db8::6 is in no subnet of this host (2001:db8::5/128 on eth0)

host eth0 2001:db8::5/127
ipv6 /127: 2001:db8::4
    same-subnet: 2001:db8::4 is in 2001:db8::4/127, the subnet of eth0

host eth0 fd00:1::5/64
unique local: fd00:1::6
    same-subnet: fd00:1::6 is in fd00:1::/64, the subnet of eth0

host eth0 192.168.1.5/24 10.9.0.5/24
second address of an interface: 10.9.0.7
    same-subnet: 10.9.0.7 is in 10.9.0.0/24, the subnet of eth0

host eth0 192.168.1.5/24 down
interface that is down: 192.168.1.9
    other-subnet: 192.168.1.9 is in 192.168.1.0/24 of eth0, an interface that is down

host lo 127.0.0.1/8 ::1/128 loopback
no network at all: 192.168.1.9
    other-subnet: 192.168.1.9 is in no subnet of this host (it has none)

host eth0 169.254.3.4/16
ipv4 link-local: 169.254.9.9
    same-subnet: 169.254.9.9 is in 169.254.0.0/16, the subnet of eth0

host eth0 192.168.1.5/24
link-local where I have none: fe80::9%eth0
    other-subnet: fe80::9%eth0 is in no subnet of this host (192.168.1.0/24 on eth0)
"""


def verdict_rows() -> list[Any]:
    """The table above as parameters: state, address, heard_on, relation, reason."""
    rows = []
    lines = iter(filter(None, VERDICTS.splitlines()))
    for line in lines:
        if line.startswith("host "):
            state = make_state(*line.removeprefix("host ").split("; "))
            continue
        name, _, question = line.rpartition(": ")
        address, _, heard_on = question.partition(" heard on ")
        relation, _, reason = next(lines).strip().partition(": ")
        rows.append(pytest.param(state, address, heard_on or None, relation, reason, id=name))
    return rows


ADDRESSES = st.ip_addresses() | st.builds(
    lambda v6, scope: IPv6Address(f"{v6}%{scope}"),
    st.ip_addresses(v=6, network="fe80::/10"),
    st.sampled_from(["eth0", "wlan0", "1", "docker0", "\u202e"]),
)
INTERFACES = st.builds(
    lambda text, length: f"{text}/{length % (33 if ':' not in text else 129)}",
    st.ip_addresses().map(str),
    st.integers(0, 128),
)
STATES = st.lists(
    st.builds(
        lambda addresses, flags: " ".join(("eth0", *addresses, *flags)),
        st.lists(INTERFACES, max_size=3),
        st.lists(st.sampled_from(list(FLAGS)), max_size=2),
    ),
    max_size=3,
).map(lambda texts: make_state(*texts))


class TestClassify:
    """What an address is to this host."""

    @pytest.mark.parametrize(("state", "address", "heard_on", "relation", "reason"), verdict_rows())
    def test_verdict(
        self, state: NetworkState, address: str, heard_on: str | None, relation: str, reason: str
    ) -> None:
        """Each address has one relation, decided by one interface, with one sentence why."""
        verdict = classify(ip_address(address), state, heard_on)
        assert (verdict.relation, verdict.reason) == (relation, reason)
        assert verdict.ok == (relation == SAME)
        if relation == SAME:
            assert reason.endswith(f" {verdict.network}, the subnet of {verdict.interface}")
        elif relation == SELF:
            assert reason.endswith(f" on {verdict.interface}")
            assert verdict.network is not None
            assert verdict.address in verdict.network
        else:
            assert (verdict.interface, verdict.network) == (None, None)

    def test_address_of_the_verdict_can_be_dialled(self) -> None:
        """The verdict's address is unmapped, and a link-local one has the scope it came in by."""
        state = make_state(*TWO)
        mapped = classify(ip_address("::ffff:10.0.9.9"), state)
        assert mapped.address == IPv4Address("10.0.9.9")
        heard = classify(ip_address("fe80::9"), state, "wlan0")
        assert heard.address == IPv6Address("fe80::9%wlan0")

    def test_verdicts_follow_the_state(self) -> None:
        """A new state has its own verdicts: a lease that moved on makes a neighbour of myself."""
        address = ip_address("192.168.1.5")
        before, after = make_state("eth0 192.168.1.5/24"), make_state("eth0 192.168.1.6/24")
        relations = [classify(address, state).relation for state in (before, after, before)]
        assert relations == [SELF, SAME, SELF]

    def test_memory_is_bounded(self) -> None:
        """More addresses than are remembered are still judged."""
        state = make_state(*PI)
        flood = [IPv4Address(0x0A000001 + number) for number in range(MAX_VERDICTS + 2)]
        assert {classify(each, state).relation for each in flood} == {OTHER}
        assert len(state._index.verdicts) == 2

    @given(ADDRESSES, STATES, st.none() | st.sampled_from(["eth0", "wlan0", "%", "\n", ""]))
    @example(ip_address("fe80::1"), make_state("eth0 fe80::1/64"), "eth0")
    def test_classify_is_total(
        self, address: Address, state: NetworkState, heard_on: str | None
    ) -> None:
        """Any address in any state gets a verdict, and the two questions agree with it."""
        verdict = classify(address, state, heard_on)
        assert isinstance(verdict, AddressVerdict)
        assert verdict == classify(address, state, heard_on)
        assert verdict.reason
        mine = is_mine(verdict.address, state)
        home = same_subnet(verdict.address, state)
        if verdict.relation is SELF:
            assert mine
        if verdict.ok:
            assert home is not None
            assert not mine
        if verdict.relation is OTHER:
            assert home is None
            assert not mine

    @given(ADDRESSES, STATES)
    def test_mine_is_membership(self, address: Address, state: NetworkState) -> None:
        """is_mine looks at no prefix: it is true of exactly the addresses that are configured."""
        for own in state.own_addresses:
            assert is_mine(own, state)
        if is_mine(address, state):
            own_packed = [classify(own, state).address.packed for own in state.own_addresses]
            assert classify(address, state).address.packed in own_packed


@pytest.mark.parametrize(
    ("address", "mine", "subnet"),
    [
        ("10.0.0.5", True, "eth0"),
        ("10.0.9.9", False, "eth0"),
        ("10.0.1.9", False, "wlan0"),
        ("10.1.0.1", False, None),
        ("::ffff:10.0.0.5", True, "eth0"),
        ("fe80::1", True, None),
        ("fe80::1%eth0", True, "eth0"),
        ("fe80::1%1", True, "eth0"),
        ("fe80::1%wlan0", False, "wlan0"),
    ],
)
def test_two_questions(address: str, mine: bool, subnet: str | None) -> None:
    """Is it me, and is it in a subnet of mine, are asked and answered apart."""
    state = make_state(*TWO)
    home = same_subnet(ip_address(address), state)
    assert (is_mine(ip_address(address), state), home and home.name) == (mine, subnet)


def test_own_docker_address_is_mine_and_in_no_used_subnet() -> None:
    """An unused interface makes an address mine, and no subnet."""
    state = make_state(*PI)
    assert is_mine(ip_address("172.17.0.1"), state)
    assert same_subnet(ip_address("172.17.0.1"), state) is None


class TestNetworkState:
    """A snapshot of the interfaces."""

    def test_helpers(self) -> None:
        """The used ones, one by name, and every address of our own in order."""
        state = make_state(*PI)
        assert [each.name for each in state.used] == ["eth0"]
        assert state.by_name("docker0") is state.interfaces[2]
        assert state.by_name("eth9") is None
        assert list(map(str, state.own_addresses)) == [
            "127.0.0.1",
            "::1",
            "192.168.1.5",
            "fe80::5",
            "2001:db8:1::5",
            "172.17.0.1",
        ]

    def test_equality_is_of_what_was_read(self) -> None:
        """Two readings of an unchanged host are equal, whatever was asked of one of them."""
        one, other = make_state(*PI), make_state(*PI)
        classify(ip_address("10.0.0.1"), one)
        assert one == other
        assert hash(one) == hash(other)
        assert one != make_state(*TWO)


@pytest.mark.parametrize(
    "text", ["192.168.1.20", "0.0.0.0", "::1", "fe80::1%eth0", "::ffff:10.0.0.1", "FE80::1"]
)
def test_parse_address(text: str) -> None:
    """A literal of either family is an address, whatever it is good for."""
    assert parse_address(text) == ip_address(text)


NO_ADDRESS = [
    "",
    "pi.local",
    "192.168.1",
    "192.168.01.1",
    "１.2.3.4",
    "1.2.3.4:80",
    "1",
    "10.0.0.0/8",
]
ODD_SCOPE = ["[::1]", " ::1", "fe80::1%", "fe80::1%a%b", "fe80::1%a b", "fe80::1%\x1b", "fe80::1%é"]


@pytest.mark.parametrize("text", [*NO_ADDRESS, *ODD_SCOPE])
def test_refused_address(text: str) -> None:
    """A name, a network, a URL part or an odd scope is refused, and an example given."""
    with pytest.raises(InvalidAddress, match="not an IPv4 or IPv6 address; write it like"):
        parse_address(text)


@pytest.mark.parametrize("value", [1, 8620, 65535, "1", "8620", "65535", "00080"])
def test_parse_port(value: str | int) -> None:
    """A whole number from 1 to 65535 is a port, as text too."""
    assert parse_port(value) == int(value)


@pytest.mark.parametrize(
    "value", [0, -1, 65536, "", "0", "65536", "+80", " 80", "8_0", "80.0", "٣", "http"]
)
def test_refused_port(value: str | int) -> None:
    """Anything else is refused."""
    with pytest.raises(InvalidPort, match="not a whole number from 1 to 65535"):
        parse_port(value)


@given(st.text(st.characters(exclude_categories=())))
def test_parsers_are_total(text: str) -> None:
    """Any text is parsed or refused."""
    for parse in (parse_address, parse_port):
        with contextlib.suppress(InvalidAddress, InvalidPort):
            parse(text)
