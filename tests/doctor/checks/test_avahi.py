"""The settings of avahi-daemon."""

import subprocess
from pathlib import Path

import pytest

from lanbridge.doctor.checks.avahi import CONF, parse
from lanbridge.doctor.finding import Finding, Severity
from tests.doctor.made import found, holder, host

# As Debian ships it, but for the line that each test adds.
CONFIG = """\
[server]
#host-name=foo
use-ipv4=yes
use-ipv6=yes
#disallow-other-stacks=no
ratelimit-interval-usec=1000000

[wide-area]
enable-wide-area=yes
"""


def look(path: Path, line: str = "", *, runs: bool = True) -> list[Finding]:
    """What is found of the settings with one more line."""
    holders = (holder(),) if runs else ()
    return found("avahi", host(path, {CONF: CONFIG + line + "\n"}, holders=holders))


def test_the_settings_of_debian_are_well(tmp_path: Path) -> None:
    """Comments are no settings."""
    assert [one.severity for one in look(tmp_path)] == [Severity.OK]
    assert "disallow-other-stacks" not in parse(CONFIG)
    assert parse(" a = b c \r\n") == {"a": "b c"}


def test_no_avahi_is_no_finding(tmp_path: Path) -> None:
    """And one that runs without a file has its defaults."""
    assert found("avahi", host(tmp_path)) == []
    [finding] = found("avahi", host(tmp_path, holders=(holder(),)))
    assert finding.severity is Severity.OK


@pytest.mark.parametrize("line", ["disallow-other-stacks=yes", " disallow-other-stacks = Yes"])
def test_no_other_stack_is_a_problem_while_it_runs(tmp_path: Path, line: str) -> None:
    """And a warning while it does not: who starts first wins. The command mends the file."""
    [finding] = look(tmp_path, line)
    assert finding.severity is Severity.PROBLEM
    [before] = look(tmp_path, line, runs=False)
    assert before.severity is Severity.WARNING
    command = (finding.remedy or "").partition(" && ")[0].removeprefix("sudo ")
    subprocess.run(["sh", "-c", command.replace(f"/{CONF}", CONF)], cwd=tmp_path, check=True)
    assert parse((tmp_path / CONF).read_text())["disallow-other-stacks"] == "no"


@pytest.mark.parametrize("line", ["deny-interfaces=eth0, docker0", "allow-interfaces=wlan0"])
def test_an_interface_that_it_leaves_out_is_a_note(tmp_path: Path, line: str) -> None:
    """Services of this host are missing there; the command gives them back."""
    [finding] = look(tmp_path, line)
    assert (finding.severity, finding.sentence) == (
        Severity.NOTE,
        "avahi-daemon does not use eth0, and lanbridge does",
    )
    command = (finding.remedy or "").partition(" && ")[0].removeprefix("sudo ")
    subprocess.run(["sh", "-c", command.replace(f"/{CONF}", CONF)], cwd=tmp_path, check=True)
    assert not parse((tmp_path / CONF).read_text()).keys() & {
        "deny-interfaces",
        "allow-interfaces",
    }


def test_a_reflector_is_a_note(tmp_path: Path) -> None:
    """It shows devices that are elsewhere."""
    [finding] = look(tmp_path, "enable-reflector=yes")
    assert finding.severity is Severity.NOTE
