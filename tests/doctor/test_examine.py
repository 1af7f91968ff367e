"""All checks together: none ends another, and the worst finding is first."""

import threading
from collections.abc import Iterator
from pathlib import Path

from lanbridge.doctor.examine import every_check, examine
from lanbridge.doctor.finding import Finding, Severity, ok
from lanbridge.doctor.host import Host
from tests.doctor.made import heard, holder, host


def _warns(_host: Host) -> Iterator[Finding]:
    yield Finding(severity=Severity.WARNING, sentence="it rains", consequence="wet", remedy="hat")
    yield ok("the roof holds")


def _breaks(_host: Host) -> Iterator[Finding]:
    yield ok("so far")
    raise ZeroDivisionError("no\x1b[31m")


def test_a_file_is_a_check() -> None:
    """Named after the file."""
    files = (Path(__file__).parents[2] / "lanbridge/doctor/checks").glob("[!_]*.py")
    assert set(every_check()) == {file.stem.replace("_", "-") for file in files}


def test_every_check_has_its_test() -> None:
    """As every other file has."""
    tests = {
        file.stem.removeprefix("test_") for file in (Path(__file__).parent / "checks").iterdir()
    }
    assert {name.replace("-", "_") for name in every_check()} <= tests


def test_the_worst_is_first(tmp_path: Path) -> None:
    """Each with the name of its check."""
    found = examine(host(tmp_path), {"a": lambda _: [ok("fine")], "weather": _warns})
    assert [(one.check, one.severity) for one in found] == [
        ("weather", "warning"),
        ("a", "ok"),
        ("weather", "ok"),
    ]


def test_a_check_that_fails_is_a_finding(tmp_path: Path) -> None:
    """And the others are heard all the same."""
    first, *others = examine(host(tmp_path), {"broken": _breaks, "weather": _warns})
    assert first.check == "broken"
    assert "ZeroDivisionError" in first.sentence
    assert "bug in lanbridge" in first.consequence
    assert {one.check for one in others} == {"weather"}


def test_a_check_that_hangs_is_a_finding_and_gets_no_second_thread(tmp_path: Path) -> None:
    """A network file system that is gone, under a daemon that is asked every few seconds."""
    go_on, started = threading.Event(), []

    def hangs(_host: Host) -> Iterator[Finding]:
        started.append(1)
        go_on.wait()
        yield ok("at last")

    checks = {"slow": hangs, "weather": _warns}
    for _ in range(2):
        found = examine(host(tmp_path), checks, limit_s=0.05)
        assert [one.sentence for one in found if one.check == "slow"] == [
            "the check slow did not end"
        ]
        assert any(one.check == "weather" for one in found)
    assert started == [1]
    go_on.set()
    for thread in threading.enumerate():
        if thread.name == "doctor: slow":
            thread.join()


def test_the_checks_find_nothing_wrong_with_a_good_host(tmp_path: Path) -> None:
    """With files as on a Pi; and nothing that they say could drive a terminal."""
    files = {
        "proc/net/igmp": "Idx\tDevice    : Count Querier\tGroup    Users Timer\tReporter\n",
        "proc/net/igmp6": "",
        "proc/sys/net/ipv4/igmp_max_memberships": "20\n",
        "proc/sys/net/core/rmem_max": "212992\n",
        "proc/self/status": "Seccomp:\t2\n",
        "etc/nsswitch.conf": "hosts: files mdns4_minimal [NOTFOUND=return] dns\n",
        "run/systemd/timesync/synchronized": "",
        "etc/avahi/avahi-daemon.conf": "[server]\n#disallow-other-stacks=no\n",
    }
    good = host(
        tmp_path,
        files,
        holders=(holder(),),
        heard=(heard("eth0"), heard("wlan0")),
    )
    found = examine(good)
    assert not [one for one in found if one.severity.is_wrong]
    assert {one.check for one in found} >= {"clock", "port-5353", "multicast", "state-directory"}


def test_a_host_that_shows_nothing_breaks_no_check(tmp_path: Path) -> None:
    """No file can be read, and nothing was heard."""
    found = examine(host(tmp_path / "nothing"))
    assert not [one for one in found if "failed" in one.sentence]
