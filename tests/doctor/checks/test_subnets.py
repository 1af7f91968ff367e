"""Two interfaces in one subnet."""

from pathlib import Path

from lanbridge.core.addresses import NetworkState
from lanbridge.doctor.finding import Severity
from tests.doctor.made import heard, host, one
from tests.echo.home import interface

TWICE = NetworkState(
    (
        interface("eth0", 2, "192.168.1.5/24", "fe80::5/64"),
        interface("wlan0", 3, "192.168.1.6/24", "fe80::6/64"),
    )
)


def test_one_network_twice_is_a_note(tmp_path: Path) -> None:
    """What is sent on one comes in by the other."""
    both = heard(came_back_on=frozenset({"eth0", "wlan0"}))
    finding = one("subnets", host(tmp_path, network=TWICE, heard=(both,)))
    assert finding.severity is Severity.NOTE


def test_two_networks_with_the_same_numbers_are_a_warning(tmp_path: Path) -> None:
    """Half of the devices cannot be reached."""
    finding = one("subnets", host(tmp_path, network=TWICE, heard=(heard(), heard("wlan0"))))
    assert finding.severity is Severity.WARNING
    assert "192.168.1.0/24" in finding.sentence


def test_link_local_prefixes_are_alike_everywhere(tmp_path: Path) -> None:
    """And no subnet that two interfaces share."""
    apart = NetworkState(
        (interface("eth0", 2, "10.0.0.5/24", "fe80::5/64"), interface("eth1", 3, "fe80::6/64"))
    )
    assert one("subnets", host(tmp_path, network=apart)).severity is Severity.OK
