"""A container behind a bridge."""

from pathlib import Path

import pytest

from lanbridge.core.addresses import NetworkState
from lanbridge.doctor.finding import Severity
from tests.doctor.made import found, heard, host, one
from tests.echo.home import interface

BRIDGED = NetworkState((interface("eth0", 2, "172.17.0.2/16"),))
LAN = NetworkState((interface("eth0", 2, "192.168.1.9/24"),))
CABLE = {"sys/class/net/eth0/ifindex": "2\n", "sys/class/net/eth0/iflink": "7\n"}
ALONE = heard(by_multicast=frozenset(), by_unicast=frozenset())


@pytest.mark.parametrize(
    "sign",
    [
        {".dockerenv": ""},
        {"run/.containerenv": ""},
        {"proc/1/cgroup": "0::/system.slice/docker-0123.scope\n"},
    ],
)
def test_behind_a_bridge_nothing_is_found(tmp_path: Path, sign: dict[str, str]) -> None:
    """Docker and Podman, by any of their signs."""
    finding = one("container", host(tmp_path, sign | CABLE, network=BRIDGED, heard=(ALONE,)))
    assert finding.severity is Severity.PROBLEM
    assert "--network host" in (finding.remedy or "")


def test_outside_of_a_container_there_is_nothing_to_say(tmp_path: Path) -> None:
    """Also where the addresses look alike."""
    cgroup = {"proc/1/cgroup": "0::/init.scope\n"}
    assert found("container", host(tmp_path, CABLE | cgroup, network=BRIDGED)) == []


@pytest.mark.parametrize(
    ("files", "network", "heard_"),
    [
        (CABLE, LAN, ALONE),
        ({"sys/class/net/eth0/ifindex": "2\n", "sys/class/net/eth0/iflink": "2\n"}, BRIDGED, ALONE),
        (CABLE | {"sys/class/net/eth0/uevent": "DEVTYPE=macvlan\n"}, BRIDGED, ALONE),
        (CABLE, BRIDGED, heard()),
    ],
    ids=["an address of the LAN", "the host's network", "macvlan", "others answer"],
)
def test_a_container_on_the_lan_is_well(
    tmp_path: Path, files: dict[str, str], network: NetworkState, heard_: object
) -> None:
    """Host network, macvlan, or whatever it is: devices answer."""
    made = host(tmp_path, {".dockerenv": "", **files}, network=network, heard=(heard_,))
    assert one("container", made).severity is Severity.OK
