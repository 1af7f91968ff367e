"""The rules of tests/conftest.py: nothing is skipped in silence, and nothing leaves the machine.

They need a pytest of their own, outside the laboratory; a network namespace that tools/lab did
not mark stands for the outside, and like the laboratory it has no way out.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.lan.lab import OUTSIDE

REPOSITORY = Path(__file__).parents[2]

SKIPPED_TEST = "import pytest\n\ndef test_it():\n    pytest.skip('not today')\n"
SKIPPED_MODULE = "import pytest\n\npytest.importorskip('no_such_module')\n"
HIDDEN_PACKET = """
import contextlib, socket

def test_it():
    with contextlib.suppress(OSError), socket.socket(type=socket.SOCK_DGRAM) as sender:
        sender.sendto(b"hello", ("224.0.0.251", 5353))
"""
LOOPBACK_PACKET = HIDDEN_PACKET.replace("224.0.0.251", "127.0.0.1")


def outside(*arguments: str, ci: str = "") -> subprocess.CompletedProcess[str]:
    """Run Python where the laboratory is not."""
    return subprocess.run(
        ["unshare", "--net", sys.executable, *arguments],
        capture_output=True,
        text=True,
        cwd=REPOSITORY,
        env={**os.environ, "CI": ci},
        check=False,
    )


def pytest_outside(file: Path, ci: str = "") -> subprocess.CompletedProcess[str]:
    """Run pytest on a file of nobody's, with the rules of this project."""
    options = ["-p", "no:cacheprovider", "-p", "tests.conftest"]
    return outside("-m", "pytest", *options, str(file), ci=ci)


def test_laboratory_does_not_start_outside() -> None:
    """Lab() outside tools/lab raises before anything runs."""
    made = outside("-c", "from tests.lan.lab import Lab; Lab()")
    assert made.stderr.splitlines()[-1].endswith(OUTSIDE)


def test_lan_tests_fail_at_once_outside() -> None:
    """Pytest outside tools/lab refuses a selection with lan tests, and says what to use."""
    refused = outside("-m", "pytest", "-p", "no:cacheprovider", "tests/lan/test_lab.py")
    assert refused.returncode == pytest.ExitCode.USAGE_ERROR
    assert OUTSIDE in refused.stderr


@pytest.mark.parametrize("text", [SKIPPED_TEST, SKIPPED_MODULE], ids=["test", "module"])
def test_skip_is_a_failure_in_ci_only(tmp_path: Path, text: str) -> None:
    """With CI=true a skipped test or module fails the run; without, it is a skip."""
    file = tmp_path / "test_skipped.py"
    file.write_text(text)
    assert "skipped, which is a failure here" in pytest_outside(file, ci="true").stdout
    assert pytest_outside(file, ci="true").returncode not in (0, pytest.ExitCode.NO_TESTS_COLLECTED)
    assert "1 skipped" in pytest_outside(file).stdout


def test_packet_to_a_network_fails_the_test_that_hides_it(tmp_path: Path) -> None:
    """A test that sends to another machine fails, even if the code under test hid the error."""
    file = tmp_path / "test_packet.py"
    file.write_text(HIDDEN_PACKET)
    assert "tried to reach a network: [\"socket.sendto ('224.0.0.251', 5353)\"]" in (
        pytest_outside(file).stdout
    )
    file.write_text(LOOPBACK_PACKET)
    assert "1 passed" in pytest_outside(file).stdout
