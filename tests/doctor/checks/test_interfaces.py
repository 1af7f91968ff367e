"""Which interfaces are used, and why not the others."""

from dataclasses import replace
from pathlib import Path

from lanbridge.core.addresses import NetworkState
from lanbridge.doctor.finding import Severity
from tests.doctor.made import found, host, one
from tests.echo.home import HOME, interface

LO = interface("lo", 1, "127.0.0.1/8")


def test_those_in_use_and_the_reason_of_each_other(tmp_path: Path) -> None:
    """Loopback is nobody's question."""
    used, others = found("interfaces", host(tmp_path))
    assert (used.severity, used.sentence) == (Severity.OK, "mDNS runs on eth0, wlan0")
    assert used.evidence["wlan0"] == ["10.0.0.5/24"]
    assert (others.severity, others.evidence) == (Severity.NOTE, {"docker0": "for the test"})
    assert HOME.interfaces[0].name == "lo"


def test_none_is_a_problem_with_a_remedy_for_the_nearest(tmp_path: Path) -> None:
    """Down, without an address, left out by its name, or none at all."""
    down = replace(interface("eth0", 2, "10.0.0.1/24", used=False), up=False, why="it is down")
    bare = interface("eth0", 2, used=False)
    bridge = interface("docker0", 3, "172.17.0.1/16", used=False)
    remedies = []
    for others in ((down,), (bare,), (bridge,), ()):
        finding = one("interfaces", host(tmp_path, network=NetworkState((LO, *others))))
        assert finding.severity is Severity.PROBLEM
        remedies.append(finding.remedy or "")
    assert "ip link set eth0 up" in remedies[0]
    assert "check DHCP" in remedies[1]
    assert "--interfaces-include docker0" in remedies[2]
    assert "--network host" in remedies[3]
