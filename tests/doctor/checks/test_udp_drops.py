"""Datagrams that were dropped."""

from pathlib import Path

import pytest

from lanbridge.doctor.checks.udp_drops import RMEM_MAX, WANTED_BYTES
from lanbridge.doctor.finding import Severity
from tests.doctor.made import found, holder, host, one

FILES = {RMEM_MAX: "212992\n"}


def test_ours_are_a_warning(tmp_path: Path) -> None:
    """Of both ports, with more room as the remedy while the kernel grants less than we ask for."""
    own = {"holders": (holder("lanbridge", 7, drops=2, is_lanbridge=True),)}
    echo = {"echo_holders": (holder("lanbridge", 7, drops=3, is_lanbridge=True),)}
    finding = one("udp-drops", host(tmp_path, FILES, **own, **echo))
    assert finding.severity is Severity.WARNING
    assert finding.sentence.startswith("5 datagrams")
    assert f"rmem_max={WANTED_BYTES}" in (finding.remedy or "")
    roomy = host(tmp_path, {RMEM_MAX: str(WANTED_BYTES)}, **own)
    assert "rmem_max" not in (one("udp-drops", roomy).remedy or "")


def test_those_of_others_are_their_own(tmp_path: Path) -> None:
    """A note."""
    finding = one("udp-drops", host(tmp_path, FILES, holders=(holder(drops=9),)))
    assert (finding.severity, "avahi-daemon" in finding.sentence) == (Severity.NOTE, True)


@pytest.mark.parametrize("files", [FILES, {}])
def test_none_is_well(tmp_path: Path, files: dict[str, str]) -> None:
    """And where the kernel is not Linux there is nothing to say."""
    findings = found("udp-drops", host(tmp_path, files, holders=(holder(),)))
    assert [one.severity for one in findings] == [Severity.OK] * len(files)
