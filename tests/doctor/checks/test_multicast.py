"""What the answers to our question say of a link."""

from pathlib import Path

from lanbridge.doctor.checks.multicast import firewall
from lanbridge.doctor.finding import Severity
from tests.doctor.made import found, heard, host, one


def test_ours_came_back_and_another_answered(tmp_path: Path) -> None:
    """All is well, on each link."""
    findings = found("multicast", host(tmp_path, heard=(heard(), heard("wlan0", 6))))
    assert [one.severity for one in findings] == [Severity.OK, Severity.OK]
    assert "wlan0 over IPv6" in findings[1].sentence


def test_ours_that_did_not_come_back_is_a_firewall(tmp_path: Path) -> None:
    """What came in by another interface is not back on this one."""
    deaf = heard(came_back_on=frozenset({"wlan0"}))
    finding = one("multicast", host(tmp_path, heard=(deaf,)))
    assert finding.severity is Severity.PROBLEM
    assert finding.evidence["came_back"] is False


def test_the_remedy_is_for_the_firewall_that_is_there(tmp_path: Path) -> None:
    """firewalld, ufw, or none that we know."""
    assert "nft list" in firewall(host(tmp_path))
    assert "ufw allow" in firewall(host(tmp_path, {"etc/ufw/ufw.conf": "ENABLED=yes\n"}))
    assert "firewall-cmd" in firewall(host(tmp_path, {"run/firewalld/locked": ""}))


def test_unicast_without_multicast_is_lost_on_the_way(tmp_path: Path) -> None:
    """The device is there, and its multicast does not arrive."""
    finding = one("multicast", host(tmp_path, heard=(heard(by_multicast=frozenset()),)))
    assert finding.severity is Severity.PROBLEM
    assert "snooping" in finding.consequence


def test_silence_is_a_note(tmp_path: Path) -> None:
    """There may be no device."""
    silent = heard(by_multicast=frozenset(), by_unicast=frozenset())
    assert one("multicast", host(tmp_path, heard=(silent,))).severity is Severity.NOTE


def test_what_could_not_be_asked_is_said(tmp_path: Path) -> None:
    """A port that is taken has a finding of its own."""
    assert found("multicast", host(tmp_path, heard=(heard(problem="taken"),))) == []
    finding = one("multicast", host(tmp_path, silent="no descriptors left"))
    assert "no descriptors left" in finding.sentence
