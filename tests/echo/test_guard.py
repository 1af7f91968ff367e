"""Whom the guard serves, over TCP and over UDP; time is a number here."""

from ipaddress import IPv4Address

import pytest

from lanbridge.core.addresses import NetworkState
from lanbridge.core.errors import Refused
from lanbridge.echo.guard import (
    ANSWERING_PORTS,
    MAX_SOURCES,
    SOURCE_BURST,
    TOTAL_BURST,
    Flow,
    Guard,
    Reason,
)
from tests.echo.home import HOME, flow, interface

SIZE = 32


@pytest.fixture
def guard() -> Guard:
    """The guard of the host in `home`."""
    return Guard(lambda: HOME)


@pytest.mark.parametrize(
    "host",
    [
        "192.168.1.20",
        "::ffff:192.168.1.20",
        "fd00::20",
        "fe80::20%eth0",
        "10.0.0.9",
        "127.0.0.1",
        "::1",
        "192.168.1.5",
        "::ffff:192.168.1.5",
        "172.17.0.1",
    ],
)
def test_neighbours_and_this_host_are_served_over_tcp(guard: Guard, host: str) -> None:
    """A caller in a used subnet is served, and so is this host under any of its addresses."""
    assert guard.check_caller(host) is None
    assert not guard.refused


@pytest.mark.parametrize(
    ("host", "reason"),
    [
        ("192.168.2.20", Reason.OTHER_SUBNET),
        ("::ffff:192.168.2.20", Reason.OTHER_SUBNET),
        ("172.17.0.9", Reason.OTHER_SUBNET),
        ("8.8.8.8", Reason.OTHER_SUBNET),
        ("192.168.1.255", Reason.UNUSABLE),
        ("fe80::20", Reason.UNUSABLE),
        ("0.0.0.0", Reason.UNUSABLE),
        ("lamp.local", Reason.NO_ADDRESS),
        ("", Reason.NO_ADDRESS),
        (None, Reason.NO_ADDRESS),
    ],
)
def test_others_are_refused_over_tcp(guard: Guard, host: str | None, reason: Reason) -> None:
    """A refusal has a reason that is counted, and an error with a remedy that may be raised."""
    refusal = guard.check_caller(host)
    assert refusal is not None
    assert refusal.reason is reason
    assert isinstance(refusal.error, Refused)
    assert refusal.error.remedy
    assert guard.refused == {reason: 1}


def test_only_neighbours_are_told_our_subnets(guard: Guard) -> None:
    """The sentence names our subnets to a private address, and not to the Internet."""
    near, far = guard.check_caller("192.168.2.20"), guard.check_caller("8.8.8.8")
    assert near is not None
    assert far is not None
    assert "192.168.1.0/24" in str(near.error)
    assert "192.168.1.0/24" not in str(far.error)


@pytest.mark.parametrize(
    ("case", "reason"),
    [
        (flow(), None),
        (flow(hops=255), None),
        (flow("fd00::20", destination="fd00::5"), None),
        (flow("fe80::20%2", destination="fe80::5"), None),
        (flow("10.0.0.9", destination="10.0.0.5", link=4), None),
        # who
        (flow("192.168.2.20"), Reason.OTHER_SUBNET),
        (flow("8.8.8.8"), Reason.OTHER_SUBNET),
        (flow("172.17.0.9", destination="172.17.0.1", link=3), Reason.OTHER_SUBNET),
        (flow("192.168.1.5"), Reason.SELF),
        (flow("172.17.0.1"), Reason.SELF),
        (flow("127.0.0.1", link=1), Reason.LOOPBACK),
        (flow("192.168.1.255"), Reason.UNUSABLE),
        (flow("224.0.0.251"), Reason.UNUSABLE),
        (flow("255.255.255.255"), Reason.UNUSABLE),
        (flow("0.0.0.0"), Reason.UNUSABLE),
        (flow("fe80::20", destination="fe80::5"), Reason.UNUSABLE),
        # by which link
        (flow("10.0.0.9", link=2), Reason.OTHER_LINK),
        (flow("192.168.1.20", link=3), Reason.OTHER_LINK),
        (flow("192.168.1.20", link=99), Reason.OTHER_LINK),
        (flow("fe80::20%4", destination="fe80::5"), Reason.OTHER_SUBNET),
        # to whom
        (flow(destination="192.168.1.255"), Reason.NOT_UNICAST),
        (flow(destination="255.255.255.255"), Reason.NOT_UNICAST),
        (flow(destination="224.0.0.251"), Reason.NOT_UNICAST),
        (flow("fd00::20", destination="ff02::1"), Reason.NOT_UNICAST),
        (flow(destination=None), Reason.NOT_UNICAST),
        # from which port
        *((flow(port=port), Reason.SYSTEM_PORT) for port in (0, 7, 19, 53, 69, 123, 161, 1023)),
        *((flow(port=port), Reason.ANSWERING_PORT) for port in ANSWERING_PORTS if port != 8620),
        (flow(port=8620), Reason.ECHO_PORT),
        (flow(port=8620, own_port=9000), Reason.ANSWERING_PORT),
        (flow(port=9000, own_port=9000), Reason.ECHO_PORT),
        (flow(port=1024), None),
        # what
        (flow(hops=8), Reason.REPLY),
        (flow(hops=1), Reason.REPLY),
        (flow(hops=9), None),
        (flow(hops=None), Reason.REPLY),
    ],
    ids=repr,
)
def test_which_datagrams_are_answered(guard: Guard, case: Flow, reason: Reason | None) -> None:
    """Same subnet, not self, unicast, from a client's port, of fair size, and no reply itself."""
    assert guard.check_datagram(case, SIZE, 0.0) is reason
    assert guard.refused == ({reason: 1} if reason else {})


@pytest.mark.parametrize(
    ("size_bytes", "reason"),
    [(0, Reason.EMPTY), (1, None), (4095, None), (4096, Reason.TOO_LARGE)],
)
def test_sizes_that_are_answered(guard: Guard, size_bytes: int, reason: Reason | None) -> None:
    """From one byte to as many as a mini-program can receive."""
    assert guard.check_datagram(flow(), size_bytes, 0.0) is reason


def test_a_flow_is_judged_anew_when_the_network_changes() -> None:
    """What was found of a neighbour holds no longer when its subnet is gone, or comes."""
    states = [HOME, NetworkState((interface("lo", 1, "127.0.0.1/8"),)), HOME]
    guard, phone = Guard(lambda: states[0]), flow()
    assert guard.check_datagram(phone, SIZE, 0.0) is None
    del states[0]
    assert guard.check_datagram(phone, SIZE, 0.0) is Reason.NOT_UNICAST
    del states[0]
    assert guard.check_datagram(phone, SIZE, 0.0) is None


def test_addresses_of_this_moment_decide() -> None:
    """A caller is refused as soon as the interface of its subnet is gone."""
    states = [HOME, NetworkState((interface("lo", 1, "127.0.0.1/8"),))]
    guard = Guard(lambda: states[0])
    assert guard.check_caller("192.168.1.20") is None
    del states[0]
    refusal = guard.check_caller("192.168.1.20")
    assert refusal
    assert refusal.reason is Reason.OTHER_SUBNET


def test_a_minute_of_fifty_pings_a_second_passes(guard: Guard) -> None:
    """A client within its rate is never cut off, though every payload is the same."""
    assert not any(guard.check_datagram(flow(), SIZE, tick / 50) for tick in range(3_000))


def test_a_source_has_its_burst_and_then_its_rate(guard: Guard) -> None:
    """At one moment a source gets its burst; a tenth of a second later, ten more."""
    answers = [guard.check_datagram(flow(), SIZE, 5.0) for _ in range(SOURCE_BURST + 7)]
    assert answers == [None] * SOURCE_BURST + [Reason.SOURCE_RATE] * 7
    answers = [guard.check_datagram(flow(), SIZE, 5.1) for _ in range(11)]
    assert answers == [None] * 10 + [Reason.SOURCE_RATE]
    assert guard.check_datagram(flow("192.168.1.21"), SIZE, 5.1) is None


def test_the_port_makes_no_new_source(guard: Guard) -> None:
    """A client does not get a new bucket by changing its port."""
    ports = range(40_000, 40_000 + SOURCE_BURST + 1)
    answers = [guard.check_datagram(flow(port=port), SIZE, 0.0) for port in ports]
    assert answers == [None] * SOURCE_BURST + [Reason.SOURCE_RATE]


def test_all_sources_together_have_a_rate() -> None:
    """When all have used up what there is, the next waits, and its own bucket is untouched."""
    guard = Guard(lambda: NetworkState((interface("eth0", 2, "192.168.1.5/16"),)))
    first = IPv4Address("192.168.100.0")
    sources = [str(first + number) for number in range(500)]
    answers = [
        guard.check_datagram(flow(source), SIZE, 0.0) for _ in range(4) for source in sources
    ]
    assert answers == [None] * TOTAL_BURST
    assert guard.check_datagram(flow("192.168.1.20"), SIZE, 0.0) is Reason.TOTAL_RATE
    answers = [guard.check_datagram(flow("192.168.1.20"), SIZE, 0.01) for _ in range(21)]
    assert answers == [None] * 20 + [Reason.TOTAL_RATE]


def test_the_table_of_sources_is_bounded_and_forgets_no_debt() -> None:
    """More forged sources than places evict only full buckets; a newcomer waits for one."""
    guard = Guard(lambda: NetworkState((interface("eth0", 2, "192.168.1.5/16"),)))
    first = IPv4Address("192.168.100.0")
    for number in range(MAX_SOURCES):
        assert guard.check_datagram(flow(str(first + number)), SIZE, 0.0) is None
    assert guard.check_datagram(flow("192.168.1.20"), SIZE, 0.0) is Reason.SOURCES_FULL
    assert guard.check_datagram(flow(str(first)), SIZE, 0.0) is None
    assert guard.check_datagram(flow("192.168.1.20"), SIZE, 0.02) is None
