"""Wi-Fi power save."""

from pathlib import Path

from lanbridge.doctor.finding import Severity
from tests.doctor.made import found, host, one

WIRELESS = {"sys/class/net/wlan0/phy80211/name": "phy0\n"}
ASK = ("iw", "dev", "wlan0", "get", "power_save")


def test_a_cable_has_none(tmp_path: Path) -> None:
    """No finding."""
    assert found("wifi", host(tmp_path)) == []


def test_on_is_a_warning_with_the_command_that_ends_it(tmp_path: Path) -> None:
    """Off is well."""
    on = host(tmp_path, WIRELESS, commands={ASK: "Power save: on\n"})
    finding = one("wifi", on)
    assert finding.severity is Severity.WARNING
    assert (finding.remedy or "").startswith("sudo iw dev wlan0 set power_save off")
    off = host(tmp_path, WIRELESS, commands={ASK: "Power save: off\n"})
    assert one("wifi", off).severity is Severity.OK


def test_without_iw_it_is_not_known(tmp_path: Path) -> None:
    """And that is said, with how to get to know it."""
    finding = one("wifi", host(tmp_path, WIRELESS))
    assert (finding.severity, "not known" in finding.sentence) == (Severity.NOTE, True)
    assert "apt-get install iw" in (finding.remedy or "")
