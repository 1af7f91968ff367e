"""The one directory that is written to: whether it can be, and how much room there is."""

import os
from collections.abc import Iterator
from pathlib import Path

from lanbridge.doctor.finding import Evidence, Finding, Severity, ok, unknown
from lanbridge.doctor.host import Host

LOW_BYTES = 100 * 1024 * 1024
FULL_BYTES = 5 * 1024 * 1024
LOW_FILES = 100
_FORGETS = "lanbridge forgets its names and what it has seen when it restarts."


def check(host: Host) -> Iterator[Finding]:
    """A directory that is not there yet is judged by the one it will be made in."""
    wanted = host.settings.state_dir
    there = wanted
    try:
        while not there.exists() and there != there.parent:
            there = there.parent
        disk = os.statvfs(there)
    except OSError as error:
        yield unknown(f"{wanted} cannot be looked at ({error.strerror})", _FORGETS, "ask as root")
        return
    yield judge(wanted, there, disk, may_write=os.access(there, os.W_OK | os.X_OK))


def judge(wanted: Path, there: Path, disk: os.statvfs_result, *, may_write: bool) -> Finding:
    """Of what is wrong the worst."""
    free_bytes, free_files = disk.f_bavail * disk.f_frsize, disk.f_favail
    has_files = disk.f_files > 0  # btrfs and others do not count them
    evidence: Evidence = {
        "directory": str(wanted),
        "exists": there == wanted,
        "free_bytes": free_bytes,
        "free_files": free_files if has_files else None,
    }

    def wrong(severity: Severity, sentence: str, remedy: str) -> Finding:
        return Finding(
            severity=severity,
            sentence=sentence,
            evidence=evidence,
            consequence=_FORGETS,
            remedy=remedy,
        )

    if disk.f_flag & os.ST_RDONLY:
        remedy = f"sudo mount -o remount,rw {there}; `dmesg` says whether the card is failing"
        return wrong(Severity.PROBLEM, f"the disk of {wanted} is mounted read-only", remedy)
    if not may_write:
        # Not a problem: the daemon may run as somebody else.
        remedy = f'sudo chown "$(id -u)" {there}, or run it as the daemon\'s user'
        return wrong(Severity.NOTE, f"{there} cannot be written by this user", remedy)
    remedy = f"du -xh {there} | sort -h | tail; sudo journalctl --vacuum-size=100M"
    if free_bytes < FULL_BYTES or (has_files and free_files == 0):
        return wrong(Severity.PROBLEM, f"the disk of {wanted} is full", remedy)
    if free_bytes < LOW_BYTES or (has_files and free_files < LOW_FILES):
        return wrong(Severity.WARNING, f"the disk of {wanted} is nearly full", remedy)
    return ok(f"{wanted} can be written, with {free_bytes // 1024**2} MiB free", **evidence)
