"""Names in .local, for other programs."""

from pathlib import Path

import pytest

from lanbridge.doctor.finding import Severity
from tests.doctor.made import found, holder, host, one

FILE = "etc/nsswitch.conf"


@pytest.mark.parametrize(
    ("order", "severity"),
    [
        ("files mdns4_minimal [NOTFOUND=return] dns", Severity.OK),
        ("files mdns dns  # as it was", Severity.OK),
        ("files dns", Severity.NOTE),
        ("files dns mdns4", Severity.NOTE),
        ("files resolve [!UNAVAIL=return] dns", Severity.NOTE),
    ],
)
def test_by_the_order_of_nsswitch(tmp_path: Path, order: str, severity: Severity) -> None:
    """Never more than a note, for lanbridge does not need it."""
    finding = one("name-resolution", host(tmp_path, {FILE: f"passwd: files\nhosts:  {order}\n"}))
    assert finding.severity is severity


def test_resolved_resolves_them_where_it_does_mdns(tmp_path: Path) -> None:
    """It holds the port then."""
    files = {FILE: "hosts: files resolve [!UNAVAIL=return] dns\n"}
    made = host(tmp_path, files, holders=(holder("systemd-resolve", 9),))
    assert one("name-resolution", made).severity is Severity.OK


def test_no_such_file_is_no_finding(tmp_path: Path) -> None:
    """musl has none."""
    assert found("name-resolution", host(tmp_path)) == []
