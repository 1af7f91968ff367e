"""`lanbridge discover` as its users run it: when it ends, what it prints, what it returns."""

from __future__ import annotations

import csv
import io
import json
import signal
import sys
from typing import TYPE_CHECKING

import pytest

from tests.lan.discovery import Service
from tests.lan.lab import Lab
from tests.lan.process import eventually
from tests.lan.program import LANBRIDGE, advertise, discover, lanbridge

if TYPE_CHECKING:
    from collections.abc import Generator

LAMPS = [Service(f"Lamp {n}", "_http._tcp", 8000 + n, {"n": str(n)}) for n in range(5)]
_ON_A_TERMINAL = """
import os, pty, sys
sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:], lambda fd: os.read(fd, 1024))))
"""
HOSTILE = "=cmd()\x9b31m\u202eevil"


@pytest.fixture(scope="module")
def lab() -> Generator[Lab]:
    """A host with five lamps, one with a hostile name, and the Pi that looks for them."""
    with Lab() as lab:
        lab.host("pi")
        lab.host("lamps").avahi(LAMPS)
        advertise(lab.host("evil"), HOSTILE, "_ipp._tcp", "631", "--txt", "a=\x1b[31m")
        yield lab


def test_it_ends_when_the_network_is_quiet(lab: Lab) -> None:
    """All of them, and an end by itself, after the second query."""
    found = discover(lab.hosts["pi"], "_http._tcp")
    assert sorted(found) == [lamp.name for lamp in LAMPS]


def test_nothing_found_is_status_1(lab: Lab) -> None:
    """And an empty list in JSON."""
    result = lanbridge(lab.hosts["pi"], "discover", "_nothing._tcp", "--format", "json")
    assert result.returncode == 1
    assert json.loads(result.stdout) == {"version": 1, "items": []}


def test_nothing_found_is_no_dead_end_for_a_person(lab: Lab) -> None:
    """On a terminal one line says what to try next; a script hears nothing of it."""
    pi = lab.hosts["pi"]

    def on_a_terminal(*words: str) -> str:
        done = pi.run([sys.executable, "-c", _ON_A_TERMINAL, LANBRIDGE, *words], check=False)
        assert done.returncode == 1
        return done.stdout

    nothing = "nothing was found; 'lanbridge doctor' says what stops discovery on this host"
    assert nothing in on_a_terminal("discover", "_nothing._tcp")
    assert nothing in on_a_terminal("discover", "_nothing._tcp", "--watch", "--timeout", "1")
    assert lanbridge(pi, "discover", "_nothing._tcp").stderr == ""
    advertise(pi, "Mine", "_mine._tcp", "1234")
    own = "nothing but what runs on this host, which --include-self shows"
    assert own in on_a_terminal("discover", "_mine._tcp")
    assert own in on_a_terminal("discover", "_mine._tcp", "--watch", "--timeout", "1")


def test_a_terminal_that_cannot_draw_has_each_once(lab: Lab) -> None:
    """What is learned of a service later cannot be drawn over its line there."""
    pi = lab.hosts["pi"]
    spawn = [sys.executable, "-c", _ON_A_TERMINAL, LANBRIDGE, "discover", "_http._tcp"]
    lines = pi.run(spawn, env={"TERM": "dumb"}).stdout.splitlines()
    names = [line[:6] for line in lines if line.startswith("Lamp")]
    assert sorted(names) == [lamp.name for lamp in LAMPS]


def test_count_ends_at_the_nth(lab: Lab) -> None:
    """Two lines, not five."""
    assert len(discover(lab.hosts["pi"], "_http._tcp", "--count", "2")) == 2


def test_timeout_is_a_hard_limit(lab: Lab) -> None:
    """With --watch, which would go on for ever."""
    result = lanbridge(
        lab.hosts["pi"], "discover", "_http._tcp", "--watch", "--timeout", "1", "--format", "jsonl"
    )
    events = [json.loads(line)["event"] for line in result.stdout.splitlines()]
    assert events.count("service.resolved") == 5
    assert result.returncode == 0


def test_watch_tells_what_changes_until_it_is_interrupted(lab: Lab) -> None:
    """One line for each change; ^C is status 130 without a traceback."""
    watch = lab.hosts["pi"].popen([LANBRIDGE, "discover", "--watch", "_test._udp"])
    watch.wait_line("^TIME ")
    process = advertise(lab.hosts["lamps"], "Guest", "_test._udp", "99")
    watch.wait_line("service.resolved +Guest ")
    process.terminate()
    watch.wait_line("service.lost +Guest ")
    watch.signal(signal.SIGINT)
    assert watch.wait() == 130
    assert watch.stderr == ""


def test_jsonl_streams_each_service_as_it_is_resolved(lab: Lab) -> None:
    """The lines are there before the command has ended."""
    process = lab.hosts["pi"].popen([LANBRIDGE, "discover", "_http._tcp", "--format", "jsonl"])
    process.wait_line('"name": "Lamp 4"')
    assert process.returncode is None
    assert process.wait() == 0


def test_csv_is_safe_for_a_spreadsheet(lab: Lab) -> None:
    """A name that begins with = is no formula, and controls are escaped."""
    result = lanbridge(lab.hosts["pi"], "discover", "_ipp._tcp", "--format", "csv")
    row = next(csv.DictReader(io.StringIO(result.stdout)))
    assert row["name"].startswith("'=cmd()")
    assert_harmless(result.stdout)


@pytest.mark.parametrize("format_", ["table", "json", "jsonl", "csv"])
def test_no_name_reaches_the_terminal_raw(lab: Lab, format_: str) -> None:
    """No control, no escape sequence, no bidi override, in any format."""
    result = lanbridge(lab.hosts["pi"], "discover", "_ipp._tcp", "--format", format_)
    assert result.returncode == 0
    assert_harmless(result.stdout)


def test_json_keeps_the_name_as_it_was_sent(lab: Lab) -> None:
    """Escaped for the eye, whole for a program."""
    assert discover(lab.hosts["pi"], "_ipp._tcp").keys() == {HOSTILE}


def test_self_is_left_out_unless_asked_for(lab: Lab) -> None:
    """What runs on this host is not what one looks for."""
    evil = lab.hosts["evil"]
    assert discover(evil, "_ipp._tcp") == {}
    found = discover(evil, "_ipp._tcp", "--include-self")
    assert found[HOSTILE]["own"] is True


def test_from_judges_for_a_phone(lab: Lab) -> None:
    """By the phone's own mask."""
    pi = lab.hosts["pi"]
    near = discover(pi, "_http._tcp", "--from", "10.77.0.200/24")["Lamp 0"]
    far = discover(pi, "_http._tcp", "--from", "10.99.0.200/24")["Lamp 0"]
    assert (near["reachable"], near["url"]) == (True, "http://10.77.0.2:8000/")
    assert (far["reachable"], far["url"]) == (False, None)
    assert "10.99.0.0/24" in far["reason"]


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        (("http",), 2, "_http._tcp"),
        (("_http._tcp.local",), 2, "use '_http._tcp'"),
        (("--interface", "eth9"), 2, "no such interface"),
        (("--interface", "lo"), 3, "loopback"),
        (("--ipv4", "--ipv6"), 2, "exclude each other"),
        (("--count", "0"), 2, "count"),
        (("--from", "10.0.0.300"), 2, "10.0.0.300"),
    ],
    ids=["label", "domain", "no interface", "loopback", "both families", "count", "from"],
)
def test_what_is_wrong_is_said(
    lab: Lab, arguments: tuple[str, ...], status: int, words: str
) -> None:
    """One sentence on stderr, nothing on stdout."""
    result = lanbridge(lab.hosts["pi"], "discover", *arguments)
    assert (result.returncode, result.stdout) == (status, "")
    assert words in result.stderr


def test_an_interface_can_be_named(lab: Lab) -> None:
    """Only that one is asked."""
    pi = lab.hosts["pi"]
    pi.attach("guests")
    advertise(lab.host("guest", segment="guests"), "Guest", "_test._tcp", "99")
    found = eventually(
        lambda: discover(pi, "_test._tcp", "--interface", "eth1"), what="found on eth1"
    )
    assert [one["interface"] for one in found["Guest"]["addresses"]][:1] == ["eth1"]
    assert discover(pi, "_test._tcp", "--interface", "eth0") == {}


def test_a_reader_that_goes_away_ends_it_quietly(lab: Lab) -> None:
    """`lanbridge discover | head -1` has no traceback."""
    command = f"{LANBRIDGE} discover _http._tcp --format jsonl | head -c 1"
    result = lab.hosts["pi"].run(["sh", "-c", command])
    assert (result.stdout, result.stderr) == ("{", "")


def assert_harmless(text: str) -> None:
    """Nothing that a terminal or a reader could take for more than text."""
    assert all(char.isprintable() or char == "\n" for char in text), ascii(text)
