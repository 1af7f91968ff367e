"""`make lab`: the LAN to try things on is there, and its commands work."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path


def test_shell_is_on_a_lan_with_the_three_peers() -> None:
    """A command of `make lab` runs on the host pi, reaches the others, and gives its status."""
    command = (
        "hostname; on phone hostname; for type in _ipp _hap _raop;"
        " do lab-avahi-browse --parsable --terminate $type._tcp; done; exit 9"
    )
    done = subprocess.run(
        [sys.executable, "-m", "tests.lan.shell", command],
        capture_output=True,
        text=True,
        cwd=Path(__file__).parents[2],
        check=False,
    )
    assert done.returncode == 9, done.stderr
    assert done.stdout.startswith("pi\nphone\n")
    for name in ("Office\\032printer", "Kitchen\\032lamp", "Speaker"):
        assert f"+;eth0;IPv4;{name};" in done.stdout
