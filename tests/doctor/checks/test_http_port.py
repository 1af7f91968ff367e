"""The port, and phones."""

from pathlib import Path

from lanbridge.config import Settings
from lanbridge.doctor.finding import Severity
from tests.doctor.made import host, one


def test_a_port_that_phones_refuse_is_a_warning(tmp_path: Path) -> None:
    """8080 is in the range of WeChat's list; the default is not."""
    assert one("http-port", host(tmp_path)).severity is Severity.OK
    finding = one("http-port", host(tmp_path, settings=Settings(state_dir=tmp_path, port=8080)))
    assert finding.severity is Severity.WARNING
    assert "TCP sockets" in finding.sentence
    assert "8620" in (finding.remedy or "")
