"""`lanbridge services` against a daemon."""

import csv
import io
import json
from collections.abc import Callable

import pytest

from tests.cli.conftest import LAMP, Daemon

Run = Callable[..., tuple[int, str, str]]


def test_a_table_by_default(run: Run, daemon: Daemon) -> None:
    """One line a service; an address heard on two interfaces is shown once."""
    daemon.serve("/api/v1/services", LAMP)
    status, out, err = run("services", "--url", daemon.url)
    assert (status, err) == (0, "")
    heading, line = out.splitlines()
    assert heading.split() == (
        "NAME TYPE HOST PORT ADDRESSES STATE REACHABLE REASON TXT".split()  # noqa: SIM905
    )
    assert line.split() == [
        *("客厅灯", "_http._tcp", "lamp.local", "8086"),
        *("192.168.1.20", "online", "yes", "path=/", "secure"),
    ]


def test_every_filter_is_sent(run: Run, daemon: Daemon) -> None:
    """By the names of the HTTP API."""
    run(
        *("services", "--url", daemon.url, "--type", "_http._tcp", "--state", "online"),
        *("--host", "lamp.local", "--name", "客", "--interface", "eth0", "--no-own"),
        *("--from", "192.168.1.9/24"),
    )
    assert daemon.asked == [
        "/api/v1/services?type=_http._tcp&state=online&host=lamp.local&name=%E5%AE%A2"
        "&interface=eth0&own=false&from=192.168.1.9%2F24"
    ]


def test_json_has_whole_services(run: Run, daemon: Daemon) -> None:
    """As the daemon gave them."""
    daemon.serve("/api/v1/services", LAMP)
    status, out, _ = run("services", "--url", daemon.url, "--format", "json")
    assert status == 0
    assert json.loads(out) == {"version": 1, "items": [LAMP]}


def test_json_lines(run: Run, daemon: Daemon) -> None:
    """One object a service."""
    daemon.serve("/api/v1/services", LAMP, LAMP)
    out = run("services", "--url", daemon.url, "--format", "jsonl")[1]
    assert [json.loads(line) for line in out.splitlines()] == [{"version": 1, **LAMP}] * 2


def test_csv_has_the_columns(run: Run, daemon: Daemon) -> None:
    """Under the names of the fields."""
    daemon.serve("/api/v1/services", LAMP)
    out = run("services", "--url", daemon.url, "--format", "csv")[1]
    (record,) = csv.DictReader(out.splitlines())
    assert record["name"] == "客厅灯"
    assert record["addresses"] == "192.168.1.20"
    assert record["txt"] == "path=/ secure"


def test_nothing_found_is_status_1(run: Run, daemon: Daemon) -> None:
    """An empty list is an answer, and the answer is no."""
    daemon.serve("/api/v1/services")
    assert run("services", "--url", daemon.url, "--format", "jsonl") == (1, "", "")


def test_half_an_answer_prints_nothing(run: Run, daemon: Daemon) -> None:
    """A page that is missing must not look like the end."""
    daemon.serve("/api/v1/services", LAMP, next="?cursor=gone")
    status, out, err = run("services", "--url", daemon.url, "--format", "json")
    assert (status, out) == (1, "")
    assert "it answers 404, there is no such path." in err


def test_a_daemon_that_is_not_there_is_status_3(run: Run, daemon: Daemon) -> None:
    """With a sentence, not a traceback."""
    daemon.pages["/api/v1/services"] = (200, b"hello")
    status, out, err = run("services", "--url", daemon.url)
    assert (status, out) == (3, "")
    assert err.startswith("error: daemon 'http://127.0.0.1:")


def test_an_empty_list_is_no_dead_end_for_a_person(
    run: Run, daemon: Daemon, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a terminal one line says what to try next; a script hears nothing of it."""
    daemon.serve("/api/v1/services")
    daemon.serve("/api/v1/services?own=true")
    assert run("services", "--url", daemon.url)[::2] == (1, "")
    stderr = io.StringIO()
    monkeypatch.setattr(stderr, "isatty", lambda: True)
    monkeypatch.setattr("sys.stderr", stderr)
    assert run("services", "--url", daemon.url)[0] == 1
    assert run("services", "--url", daemon.url, "--own")[0] == 1
    tail = "; 'lanbridge doctor' on its host says what stops discovery there"
    assert stderr.getvalue().splitlines() == [
        f"the daemon knows none{tail}",
        f"the daemon knows none that is so{tail}",
    ]
