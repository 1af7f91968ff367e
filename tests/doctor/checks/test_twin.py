"""Another lanbridge with our identity."""

from pathlib import Path

from lanbridge.doctor.finding import Severity
from lanbridge.doctor.host import Lanbridge
from tests.doctor.made import found, heard, host, one

US = Lanbridge("bridge", "abc", ("192.168.1.5",))
TWIN = Lanbridge("bridge (2)", "abc", ("192.168.1.77",))
NEIGHBOUR = Lanbridge("other", "def", ("192.168.1.9",))


def test_the_same_id_at_another_address_is_a_problem(tmp_path: Path) -> None:
    """Known from the daemon, or from the state directory while it does not run."""
    link = heard(lanbridges=(US, TWIN))
    running, stopped = {"daemon_id": "abc"}, {"id": "abc"}
    for known in (running, stopped):
        finding = one("twin", host(tmp_path, None, heard=(link,), **known))
        assert finding.severity is Severity.PROBLEM
        assert "192.168.1.77" in finding.sentence
        assert "instance-id" in (finding.remedy or "")


def test_we_are_no_twin_of_ourselves(tmp_path: Path) -> None:
    """Nor is a neighbour, nor who gives no address that can be read."""
    strange = Lanbridge("odd", "xyz", ("no address",))
    link = heard(lanbridges=(US, NEIGHBOUR, strange))
    finding = one("twin", host(tmp_path, id="abc", heard=(link,)))
    assert (finding.severity, finding.evidence["others"]) == (Severity.OK, ["odd", "other"])


def test_where_nothing_could_be_asked_nothing_is_said(tmp_path: Path) -> None:
    """Silence is no proof."""
    assert found("twin", host(tmp_path, id="abc")) == []
