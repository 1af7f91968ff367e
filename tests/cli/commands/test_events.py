"""`lanbridge events` against a daemon whose connections break."""

import json
import socket
from collections.abc import Callable, Iterator
from threading import Thread
from typing import Any

import pytest

from lanbridge.cli import following
from tests.cli.conftest import LAMP

Run = Callable[..., tuple[int, str, str]]

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\n\r\n: lanbridge\n\n"


def block(number: int, name: str = "service.lost", **held: Any) -> bytes:
    """An event as the daemon writes it."""
    event = {"id": f"b-{number}", "event": name, "at": "2026-01-01T00:00:00.000Z", **held}
    return f"id: b-{number}\nevent: {name}\ndata: {json.dumps(event)}\n\n".encode()


def gone(number: int, reason: str = "goodbye") -> bytes:
    """The lamp went away."""
    return block(number, service=LAMP | {"state": "offline", "reason": reason})


class Script:
    """says: what to answer on each connection in turn, which then breaks; asked: the heads."""

    def __init__(self) -> None:
        self.says: list[bytes] = []
        self.asked: list[str] = []
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.socket.getsockname()[1]}"

    def serve(self) -> None:
        """Until there is nothing left to say."""
        while self.says:
            connection, _ = self.socket.accept()
            with connection, connection.makefile("rb") as request:
                head = b"".join(iter(request.readline, b"\r\n"))
                self.asked.append(head.decode())
                connection.sendall(self.says.pop(0))


@pytest.fixture(name="daemon")
def daemon_fixture(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Script]]:
    """Start one that says this; after the last connection it is gone."""
    monkeypatch.setattr(following, "FIRST_PAUSE_S", 0.0)
    threads: list[Thread] = []
    script = Script()

    def start(*says: bytes) -> Script:
        script.says = list(says)
        threads.append(Thread(target=script.serve))
        threads[0].start()
        return script

    with script.socket:
        yield start
        for thread in threads:
            thread.join()


def test_a_line_for_each_change(run: Run, daemon: Callable[..., Script]) -> None:
    """With what changed, or why."""
    daemon_ = daemon(
        HEAD
        + gone(1)
        + block(2, "service.updated", service=LAMP, changed=["port", "txt"])
        + block(3, "network.changed", reasons=["eth0 came"])
        + block(4, "advertisement.renamed", old="Pi", new="Pi (2)")
        + block(5, "resync")
        + block(6, "alarm.raised", alarm={"kind": "self-invisible", "detail": "not heard"})
    )
    status, out, err = run("events", "--url", daemon_.url, "--count", "6")
    assert (status, err) == (0, "")
    heading, *lines = (line.split() for line in out.splitlines())
    assert heading == ["TIME", "EVENT", "NAME", "TYPE", "PORT", "DETAILS", "ADDRESSES"]
    assert lines[0][1:] == [
        "service.lost",
        *["客厅灯", "_http._tcp", "8086", "goodbye", "192.168.1.20"],
    ]
    assert lines[1][-3:] == ["port,", "txt", "192.168.1.20"]
    assert lines[2][1:] == ["network.changed", "eth0", "came"]
    assert lines[3][1:] == ["advertisement.renamed", "Pi", "is", "now", "Pi", "(2)"]
    assert lines[4][1:] == ["resync"]
    assert lines[5][1:] == ["alarm.raised", "not", "heard"]


def test_a_service_whose_port_is_not_known_has_none(
    run: Run, daemon: Callable[..., Script]
) -> None:
    """0 is a place that waits for one."""
    found = LAMP | {"host": "", "port": 0, "addresses": [], "state": "found"}
    daemon_ = daemon(HEAD + block(1, "service.found", service=found))
    out = run("events", "--url", daemon_.url, "--count", "1")[1]
    assert out.splitlines()[1].split()[1:] == ["service.found", "客厅灯", "_http._tcp"]


def test_json_lines_are_the_events(run: Run, daemon: Callable[..., Script]) -> None:
    """Whole."""
    daemon_ = daemon(HEAD + gone(1))
    out = run("events", "--url", daemon_.url, "--count", "1", "--format", "jsonl")[1]
    event = json.loads(out)
    assert (event["version"], event["id"], event["service"]["name"]) == (1, "b-1", "客厅灯")


def test_filters_are_sent(run: Run, daemon: Callable[..., Script]) -> None:
    """Those of `services`, and the names of events."""
    daemon_ = daemon(HEAD + gone(1))
    run(
        *("events", "--url", daemon_.url, "--count", "1", "--type", "_http._tcp", "--no-own"),
        *("--event", "service.lost", "--event", "resync"),
    )
    assert daemon_.asked[0].startswith(
        "GET /api/v1/events?type=_http._tcp&own=false&event=service.lost&event=resync HTTP/1.1"
    )


def test_a_broken_connection_is_made_again(run: Run, daemon: Callable[..., Script]) -> None:
    """From the last event on, or from what a sign of life says; it is said on stderr."""
    daemon_ = daemon(
        HEAD + gone(1),
        HEAD + b": alive\nid: b-7\n\n" + block(8, "resync").replace(b"\n\n", b"\n"),
        HEAD + gone(9),
    )
    status, out, err = run("events", "--url", daemon_.url, "--count", "2", "--format", "jsonl")
    assert status == 0
    assert [json.loads(line)["id"] for line in out.splitlines()] == ["b-1", "b-9"]
    ids = [line for head in daemon_.asked for line in head.splitlines() if "vent-I" in line]
    assert ids == ["Last-Event-ID: b-1", "Last-Event-ID: b-7"]
    assert err.count("the daemon ended the stream; trying again") == 2


def test_a_daemon_that_is_cut_off_is_still_one(run: Run, daemon: Callable[..., Script]) -> None:
    """A cable that is pulled ends the stream within a chunk (RFC 9112 §7.1)."""
    body = HEAD.partition(b"\r\n\r\n")[2] + gone(1)
    head = HEAD.partition(b"\r\n\r\n")[0] + b"\r\nTransfer-Encoding: chunked\r\n\r\n"
    daemon_ = daemon(head + b"%x\r\n%s\r\n5\r\nab" % (len(body), body), HEAD + gone(2))
    _, _, err = run("events", "--url", daemon_.url, "--count", "2")
    assert "the daemon ended the stream; trying again" in err


def test_no_daemon_at_the_start_is_status_3(run: Run) -> None:
    """With the remedy; later it is waited for."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{held.getsockname()[1]}"
        status, _, err = run("events", "--url", url)
    assert status == 3
    assert "start it with 'lanbridge serve'" in err


@pytest.mark.parametrize(
    ("answer", "status", "why"),
    [
        (b'422 No\r\n\r\n{"detail": "there is no such event."}', 2, "there is no such event"),
        (b'403 No\r\n\r\n{"detail": "not for you."}', 1, "not for you"),
        (b'503 No\r\n\r\n{"detail": "so many readers."}', 3, "so many readers"),
        (b"200 OK\r\n\r\nhello", 3, "no lanbridge daemon"),
        (b"200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: x\n\n", 3, "no lanbridge"),
    ],
)
def test_what_is_refused_is_said(
    run: Run, daemon: Callable[..., Script], answer: bytes, status: int, why: str
) -> None:
    """And not tried again."""
    daemon_ = daemon(b"HTTP/1.1 " + answer)
    found, _, err = run("events", "--url", daemon_.url)
    assert (found, why in err) == (status, True)


def test_interrupted_is_status_130(
    run: Run, daemon: Callable[..., Script], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As it is followed until ^C."""

    def interrupt(_seconds: float) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("time.sleep", interrupt)
    daemon_ = daemon(HEAD + gone(1))
    assert run("events", "--url", daemon_.url)[0] == 130
