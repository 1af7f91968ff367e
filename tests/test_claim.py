"""One daemon for one state directory."""

import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from lanbridge.claim import claimed
from lanbridge.core.errors import StateInUse

_KEEP = """
import sys
from pathlib import Path
from lanbridge.claim import claimed
with claimed(Path(sys.argv[1]), 8620):
    print("has it", flush=True)
    sys.stdin.read()
"""


def test_the_second_is_told_who_the_first_is(tmp_path: Path) -> None:
    """And what was written of the first stays."""
    with claimed(tmp_path / "state", 8620):
        for _ in range(2):
            with pytest.raises(StateInUse) as refused, claimed(tmp_path / "state", 8630):
                pass
    assert str(refused.value) == (
        f"state directory '{tmp_path}/state': another lanbridge runs with it (pid {os.getpid()}, "
        "port 8620); stop that one, or start this one with --state-dir and --port of its own."
    )


def test_what_has_ended_has_it_no_longer(tmp_path: Path) -> None:
    """Also by an exception, and with a number that was longer."""
    with pytest.raises(ZeroDivisionError), claimed(tmp_path, 12345):
        raise ZeroDivisionError
    with (
        claimed(tmp_path, 8620),
        pytest.raises(StateInUse, match="port 8620"),
        claimed(tmp_path, 1),
    ):
        pass


def test_what_was_killed_has_it_no_longer(tmp_path: Path) -> None:
    """A power cut or a kill leaves the file, which alone says nothing."""
    words = [sys.executable, "-c", _KEEP, str(tmp_path)]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "has it\n"
        with pytest.raises(StateInUse, match=f"pid {other.pid}, port 8620"), claimed(tmp_path, 1):
            pass
        other.kill()
        other.wait()
        with claimed(tmp_path, 1):
            pass


def test_a_directory_that_cannot_be_written_stops_nothing(tmp_path: Path) -> None:
    """As with all that is kept there: the daemon goes on without."""
    (tmp_path / "file").touch()
    with claimed(tmp_path / "file", 8620), claimed(tmp_path / "file", 8620):
        pass


def test_an_error_within_is_not_hidden(tmp_path: Path) -> None:
    """An OSError of what runs within is none of the lock."""
    with pytest.raises(PermissionError), claimed(tmp_path, 8620):
        raise PermissionError


def test_a_full_disk_stops_no_daemon(tmp_path: Path) -> None:
    """Not at its end either; and others are kept out all the same."""
    (tmp_path / "daemon.lock").touch()
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, hard))
    try:
        with claimed(tmp_path, 8620), pytest.raises(StateInUse), claimed(tmp_path, 8630):
            pass
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
