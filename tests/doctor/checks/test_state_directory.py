"""The state directory and its disk."""

import os
from pathlib import Path

import pytest

from lanbridge.config import Settings
from lanbridge.doctor.checks.state_directory import judge
from lanbridge.doctor.finding import Severity
from tests.doctor.made import host, one

BLOCK = 4_096


def disk(
    *, free_bytes: int = 1 << 30, files: int = 1_000, free_files: int = 500, flags: int = 0
) -> os.statvfs_result:
    """A file system of 4 GiB."""
    free = free_bytes // BLOCK
    values = (BLOCK, BLOCK, 1 << 20, free, free, files, free_files, free_files, flags, 255)
    return os.statvfs_result(values)


@pytest.mark.parametrize(
    ("values", "may_write", "severity"),
    [
        ({}, True, Severity.OK),
        ({"files": 0, "free_files": 0}, True, Severity.OK),
        ({"free_bytes": 50 << 20}, True, Severity.WARNING),
        ({"free_bytes": 1 << 20}, True, Severity.PROBLEM),
        ({"free_files": 9}, True, Severity.WARNING),
        ({"free_files": 0}, True, Severity.PROBLEM),
        ({"flags": os.ST_RDONLY}, True, Severity.PROBLEM),
        ({"flags": os.ST_RDONLY}, False, Severity.PROBLEM),
        ({}, False, Severity.NOTE),
    ],
    ids=[
        "well",
        "a file system that does not count files",
        "little room",
        "no room",
        "few files left",
        "no file left",
        "read-only",
        "read-only, for another user too",
        "another user's",
    ],
)
def test_the_worst_that_is_wrong(
    tmp_path: Path, values: dict[str, int], may_write: bool, severity: Severity
) -> None:
    """And all that is wrong has a remedy."""
    finding = judge(tmp_path, tmp_path, disk(**values), may_write=may_write)
    assert finding.severity is severity
    assert bool(finding.remedy) is (severity is not Severity.OK)


def test_one_that_is_not_there_yet_is_judged_by_where_it_will_be(tmp_path: Path) -> None:
    """Nothing is made by looking."""
    wanted = tmp_path / "a" / "b"
    finding = one("state-directory", host(tmp_path, settings=Settings(state_dir=wanted)))
    assert finding.evidence["exists"] is False
    assert not wanted.parent.exists()
