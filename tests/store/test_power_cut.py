"""SIGKILL at 200 random moments."""

import subprocess
import sys
from pathlib import Path


def test_what_was_written_is_there_whenever_it_is_killed(tmp_path: Path) -> None:
    """The file opens, no transaction is halved, and what was said to be written is there.

    With tests/test_keeper.py, which shows that nothing waits to be written for longer than the
    window, this is the promise of ADR 0023.
    """
    program = Path(__file__).with_name("power_cut.py")
    path = tmp_path / "registry.sqlite"
    done = subprocess.run(
        [sys.executable, program, path], check=False, capture_output=True, text=True, timeout=55
    )
    assert done.returncode == 0, done.stderr
    rounds, cut, _ = map(int, done.stdout.split())
    assert rounds == 200
    assert cut > 50  # it was writing, mostly
