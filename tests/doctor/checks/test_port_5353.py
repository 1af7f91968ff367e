"""Who holds UDP 5353."""

from pathlib import Path

from lanbridge.doctor.finding import Severity
from tests.doctor.made import heard, holder, host, one


def test_nobody_or_only_lanbridge_is_well(tmp_path: Path) -> None:
    """Nothing to explain."""
    assert one("port-5353", host(tmp_path)).sentence == "UDP 5353 is held by nobody"
    own = holder("lanbridge", 7, is_lanbridge=True)
    assert one("port-5353", host(tmp_path, holders=(own,))).severity is Severity.OK


def test_every_other_holder_is_named(tmp_path: Path) -> None:
    """A note: multicast reaches them all, unicast one of them."""
    holders = (holder(), holder("systemd-resolve", 90), holder("lanbridge", 7, is_lanbridge=True))
    finding = one("port-5353", host(tmp_path, holders=holders))
    assert finding.severity is Severity.NOTE
    assert finding.sentence == (
        "avahi-daemon (pid 612) and systemd-resolve (pid 90) share UDP 5353"
    )
    assert len(finding.evidence) == 3
    assert "asks again by multicast" in finding.consequence


def test_a_holder_that_is_not_shown_is_said(tmp_path: Path) -> None:
    """With the command that shows it."""
    finding = one("port-5353", host(tmp_path, holders=(holder(pid=None),)))
    assert finding.sentence == "UDP 5353 is held by a process of user avahi that only root can see"
    guess = holder(pid=None, suspects=(("avahi-daemon", 612),))
    guessed = one("port-5353", host(tmp_path, holders=(guess,)))
    assert guessed.sentence.endswith("only root can see (perhaps avahi-daemon, pid 612)")
    assert finding.remedy == "sudo ss -ulpn sport = 5353"


def test_a_port_that_cannot_be_had_is_a_problem(tmp_path: Path) -> None:
    """Of whoever holds it, or in the words of the error where nobody is seen."""
    taken = heard(problem="mDNS port 'UDP 5353': taken.")
    finding = one("port-5353", host(tmp_path, heard=(taken,), holders=(holder(),)))
    assert finding.severity is Severity.PROBLEM
    assert "avahi-daemon (pid 612) holds it for itself alone" in finding.sentence
    assert "disallow-other-stacks=no" in (finding.remedy or "")
    finding = one("port-5353", host(tmp_path, heard=(taken,)))
    assert finding.sentence == "mDNS port 'UDP 5353': taken."
