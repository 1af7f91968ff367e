"""Whether our own daemon is seen."""

from pathlib import Path

from lanbridge.doctor.finding import Severity
from lanbridge.doctor.host import Lanbridge
from tests.doctor.made import found, heard, host, one

US = Lanbridge("bridge", "abc", ("192.168.1.5",))


def test_no_daemon_is_a_note(tmp_path: Path) -> None:
    """One may ask before it is started."""
    finding = one("visibility", host(tmp_path, heard=(heard(),)))
    assert (finding.severity, finding.remedy) == (Severity.NOTE, "lanbridge serve")


def test_it_is_seen_on_one_link_and_not_on_the_other(tmp_path: Path) -> None:
    """Either IP version will do."""
    links = (heard(lanbridges=(US,)), heard(version=6), heard("wlan0"))
    seen, hidden = found("visibility", host(tmp_path, heard=links, daemon_id="abc"))
    assert (seen.severity, seen.sentence) == (Severity.OK, "bridge is visible on eth0")
    assert (hidden.severity, hidden.sentence) == (
        Severity.PROBLEM,
        "the daemon runs, and is not visible on wlan0",
    )
