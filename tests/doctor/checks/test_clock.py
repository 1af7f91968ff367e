"""The clock."""

from pathlib import Path

import pytest

from lanbridge.doctor.finding import Severity
from tests.doctor.made import host, one

MARK = {"run/systemd/timesync/synchronized": ""}


def test_a_year_that_is_past_is_a_warning(tmp_path: Path) -> None:
    """A Pi without a network: whoever says that it is synchronised."""
    finding = one("clock", host(tmp_path, MARK, now_unix_s=1_000_000.0))
    assert (finding.severity, finding.sentence) == (
        Severity.WARNING,
        "the clock says 1970, which is past",
    )


def test_the_mark_of_timesyncd_is_believed(tmp_path: Path) -> None:
    """It is made at the first synchronisation."""
    assert one("clock", host(tmp_path, MARK)).severity is Severity.OK


def test_in_a_sandbox_the_kernel_is_not_asked(tmp_path: Path) -> None:
    """The filter of our systemd unit kills who asks."""
    finding = one("clock", host(tmp_path, {"proc/self/status": "Name:\tx\nSeccomp:\t2\n"}))
    assert "not shown here" in finding.sentence


@pytest.mark.parametrize(("state", "severity"), [(0, Severity.OK), (5, Severity.NOTE)])
def test_the_kernel_knows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, state: int, severity: Severity
) -> None:
    """adjtimex(2) returns 5, TIME_ERROR, for a clock that nobody has set right."""

    class Libc:
        def __init__(self, _name: object) -> None:
            pass

        def adjtimex(self, timex: object) -> int:
            assert not any(bytes(timex))  # type: ignore[call-overload]  # zeroes change nothing
            return state

    monkeypatch.setattr("ctypes.CDLL", Libc)
    made = host(tmp_path, {"proc/self/status": "Seccomp:\t0\n"})
    assert one("clock", made).severity is severity
