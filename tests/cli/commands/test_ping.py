"""`lanbridge ping` against echoes on loopback: what it prints, and its exit status."""

import contextlib
import csv
import io
import json
import os
import pty
import re
import signal
import socket
import subprocess
import sys
import termios
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest

Run = Callable[..., tuple[int, str, str]]
FAST = ("--interval", "0.01", "--timeout", "10")
SLOW_TO_IMPORT = {"fastapi", "pydantic", "rich", "uvicorn", "websockets", "zeroconf"}


@pytest.fixture(scope="module")
def echo() -> Iterator[str]:
    """IP:PORT of an HTTP server that echoes bodies, as lanbridge does."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1  # head and body in one packet, or Nagle's algorithm waits

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(200 if self.path == "/echo/raw" else 404)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.fixture
def silent() -> Iterator[str]:
    """IP:PORT of a UDP socket that says nothing."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        yield f"127.0.0.1:{sock.getsockname()[1]}"


def at_terminal(*arguments: str, term: str = "xterm", columns: int = 80) -> tuple[int, str]:
    """Status and output of a ping whose stdout is a terminal."""
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (24, columns))
    command = [sys.executable, "-m", "lanbridge", "ping", *arguments]
    env = {**os.environ, "TERM": term}
    env.pop("COLUMNS", None)
    with (
        subprocess.Popen(command, stdout=theirs, env=env) as ping,
        os.fdopen(ours, "rb") as screen,
    ):
        os.close(theirs)
        shown = b""
        with contextlib.suppress(OSError):  # Linux: EIO, when the other side is closed
            while piece := screen.read1():
                shown += piece
    return ping.returncode, shown.decode().replace("\r\n", "\n")


def ended(number: signal.Signals, *arguments: str) -> tuple[int, list[dict[str, Any]], str]:
    """Status, JSON lines and stderr of a ping that is sent a signal after its first line."""
    command = [sys.executable, "-m", "lanbridge", "ping", *arguments]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as ping:
        assert ping.stdout
        assert ping.stderr
        first = ping.stdout.readline()
        ping.send_signal(number)
        out, err = ping.stdout.read(), ping.stderr.read()
    return ping.returncode, rows(first + out), err


def left_of(shown: str) -> str:
    """What a terminal shows at the end, when what was erased is gone."""
    return re.sub(r"[^\n]*\r\x1b\[K", "", shown)


def rows(text: str) -> list[dict[str, Any]]:
    """The JSON lines of an output."""
    return [json.loads(line) for line in text.splitlines()]


def test_a_pipe_gets_json_lines(run: Run, echo: str) -> None:
    """One for each probe as it ends, and the summary."""
    status, out, err = run("ping", echo, "--via", "http", "--count", "3", "--size", "9", *FAST)
    assert (status, err) == (0, "")
    *probes, summary = rows(out)
    assert [(one["event"], one["sequence"], one["outcome"]) for one in probes] == [
        ("probe", number, "ok") for number in (1, 2, 3)
    ]
    address, _, port = echo.partition(":")
    assert probes[0]["target"] == {
        "address": address,
        "port": int(port),
        "host": "",
        "path": "",
        "instance": None,
    }
    assert (probes[0]["probe"], probes[0]["sent_bytes"], probes[0]["version"]) == ("http", 9, 1)
    assert probes[0]["started_at"].endswith("Z")
    assert (summary["event"], summary["url"]) == ("summary", f"http://{echo}/echo/raw")
    assert (summary["sent"], summary["received"], summary["loss"]) == (3, 3, 0.0)
    assert summary["rtt_min_ms"] <= summary["rtt_median_ms"] <= summary["rtt_max_ms"]


def test_a_terminal_gets_a_line_for_each_probe(echo: str) -> None:
    """What is probed before, and the sum after."""
    status, out = at_terminal(f"http://{echo}", "--count", "2", *FAST)
    assert status == 0
    lines = left_of(out).splitlines()
    assert lines[0] == f"probing http://{echo}/echo/raw, 64 bytes each"
    assert lines[1].split() == ["SEQUENCE", "OUTCOME", "RTT_MS", "CONNECT_MS", "BYTES", "DETAIL"]
    assert [line.split()[:2] for line in lines[2:4]] == [["1", "ok"], ["2", "ok"]]
    assert lines[4] == "2 sent, 2 answered, 0.0% lost"
    assert lines[5].startswith("min/median/p95/p99/max ")
    assert lines[6].startswith("1 connection, ")


@pytest.mark.parametrize("columns", [80, 20])
def test_what_there_is_so_far_stays_below_the_lines(echo: str, columns: int) -> None:
    """Drawn over after each probe, in one line however narrow the terminal is."""
    _, out = at_terminal(echo, "--via", "http", "--count", "3", *FAST, columns=columns)
    feet = re.findall(r"\n([^\n]+)\r\x1b\[K", out)
    assert [foot[:13] for foot in feet] == [f"0.0% of {number} los" for number in (1, 2, 3)]
    assert all(len(foot) < columns for foot in feet)
    if columns == 80:
        assert re.fullmatch(r"0\.0% of 3 lost, median [\d.]+ ms, last [\d.]+ ms", feet[-1])


def test_a_terminal_that_cannot_draw_gets_lines_alone(echo: str) -> None:
    """Nothing moves its cursor."""
    _, out = at_terminal(echo, "--via", "http", "--count", "2", *FAST, term="dumb")
    assert "\x1b" not in out
    assert "\r" not in out
    assert out.count("lost") == 1


def test_format_decides_whatever_stdout_is(echo: str) -> None:
    """JSON lines on a terminal."""
    _, out = at_terminal(echo, "--count", "1", "--format", "jsonl", *FAST)
    assert [row["event"] for row in rows(out)] == ["probe", "summary"]


def test_json_is_one_document(run: Run, echo: str) -> None:
    """The summary is its last item."""
    _, out, _ = run("ping", echo, "--count", "2", "--format", "json", *FAST)
    events = [item["event"] for item in json.loads(out)["items"]]
    assert events == ["probe", "probe", "summary"]


def test_csv_has_the_probes_alone(run: Run, echo: str) -> None:
    """Rows of one kind, for a spreadsheet that sums up by itself."""
    _, out, _ = run("ping", echo, "--count", "2", "--format", "csv", *FAST)
    records = list(csv.DictReader(io.StringIO(out)))
    assert [record["outcome"] for record in records] == ["ok", "ok"]
    assert float(records[0]["rtt_ms"]) > 0


def test_nothing_answered_is_status_1(run: Run, silent: str) -> None:
    """With the reason that UDP has for silence."""
    status, out, err = run(
        *("ping", silent, "--via", "udp", "--count", "2"),
        *("--interval", "0.01"),
        *("--timeout", "0.05"),
    )
    assert status == 1
    assert rows(out)[-1]["outcomes"] == {"timeout": 2}
    assert err == (
        "warning: nothing was answered; a lanbridge answers UDP only from hosts of its subnet,"
        " and never its own host.\n"
    )


def test_one_answer_is_enough_for_status_0(run: Run) -> None:
    """Even where another was lost."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))

        def answer_second() -> None:
            sock.recv(100)
            datagram, sender = sock.recvfrom(100)
            sock.sendto(datagram, sender)

        thread = Thread(target=answer_second)
        thread.start()
        address = f"udp://127.0.0.1:{sock.getsockname()[1]}"
        status, out, err = run(
            *("ping", address, "--count", "2", "--interval", "0.01", "--timeout", "1")
        )
        thread.join()
    assert (status, err) == (0, "")
    assert rows(out)[-1]["loss"] == 0.5


def test_an_answer_of_any_status_is_one(run: Run, echo: str) -> None:
    """With its round trip, and the status beside it: the device can be reached."""
    status, out, _ = run("ping", f"http://{echo}/nowhere", "--count", "1", *FAST)
    assert status == 0
    probe, summary = rows(out)
    assert probe["detail"].startswith("it answers 501")
    assert (summary["received"], summary["loss"]) == (1, 0.0)
    assert summary["rtt_median_ms"] == probe["rtt_ms"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("10.0.0.5",), "it has no port"),
        (("10.0.0.5:80", "--via", "icmp"), "'icmp' is not one of"),
        (("ws://10.0.0.5:80", "--via", "http"), "exclude each other"),
        (("10.0.0.5:80", "--count", "0"), "--count"),
        (("10.0.0.5:80", "--interval", "0.001"), "--interval"),
        (("10.0.0.5:80", "--size", "3"), "--size"),
        (("10.0.0.5:80", "--size", "4096"), "--size"),
        (("10.0.0.5:80", "--size", "64"), "leave the size out"),
        (("http://10.0.0.5/", "--size", "64"), "only /echo/raw is sent a body"),
        (("10.0.0.5:80", "--timeout", "0"), "--timeout"),
    ],
)
def test_what_is_wrong_is_said(run: Run, arguments: tuple[str, ...], words: str) -> None:
    """One sentence on stderr, status 2, and nothing was sent."""
    status, out, err = run("ping", *arguments)
    assert (status, out) == (2, "")
    assert words in err


@pytest.mark.parametrize(
    ("number", "more", "status"),
    [
        (signal.SIGINT, (), 0),
        (signal.SIGTERM, (), 0),
        (signal.SIGINT, ("--count", "100000"), 130),
        (signal.SIGTERM, ("--count", "100000"), 0),
    ],
    ids=["^C", "SIGTERM", "^C of a count", "SIGTERM of a count"],
)
def test_the_sum_is_printed_when_it_is_ended(
    echo: str, number: signal.Signals, more: tuple[str, ...], status: int
) -> None:
    """By ^C, which is the end of what has no count, and an interruption of what has."""
    code, (first, *_, last), err = ended(number, echo, *FAST, *more)
    assert (code, err) == (status, "")
    assert (first["sequence"], last["event"]) == (1, "summary")


def test_nothing_answered_until_it_is_ended_is_status_1(silent: str) -> None:
    """With the reason, as if it had had a count."""
    slow = ("--interval", "0.01", "--timeout", "0.02")
    code, _, err = ended(signal.SIGINT, f"udp://{silent}", *slow)
    assert code == 1
    assert err.startswith("warning: nothing was answered")


def test_a_reader_that_goes_away_ends_it_quietly(echo: str) -> None:
    """`lanbridge ping … | head -1` says nothing."""
    command = [sys.executable, "-m", "lanbridge", "ping", echo, *FAST]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as ping:
        assert ping.stdout
        assert ping.stderr
        ping.stdout.readline()
        ping.stdout.close()
        assert ping.stderr.read() == ""
    assert ping.returncode == 141


def test_an_address_is_probed_without_loading_what_is_slow(echo: str) -> None:
    """A ping over tcp begins at once."""
    program = (
        "import sys; from lanbridge.cli.main import main; "
        f"main(['ping', '{echo}', '--count', '1']); print(*sys.modules, file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert json.loads(done.stdout.splitlines()[0])["outcome"] == "ok"
    assert not SLOW_TO_IMPORT & {name.partition(".")[0] for name in done.stderr.split()}
