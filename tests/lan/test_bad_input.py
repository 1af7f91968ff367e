"""All kinds of bad input at once against a whole daemon; its neighbour notices nothing."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.lan import vandal as vandal_program
from tests.lan.lab import Lab
from tests.lan.process import eventually
from tests.lan.program import http, serve

if TYPE_CHECKING:
    from collections.abc import Generator

    from tests.lan.process import Process

EXPECTED = {
    400: (
        *("no HTTP", "a header without a colon", "two Hosts", "no Host", "two lengths"),
        *("a length that is no number", "a length past all numbers", "a chunk that has no length"),
        *("a target that is no ASCII", "a key that is none"),
    ),
    408: ("a head that stops", "a body that stops"),
    413: (
        *("a body too large", "a body too large in chunks", "an absurd length"),
        *("an absurd length for /echo/raw", "an absurd length of an upload"),
    ),
    416: ("a range behind the end", "a range that is none"),
    426: ("an old WebSocket",),
    431: (
        *("a head without end", "a header without end", "a target without end"),
        "a trailer without end",
    ),
    1002: (
        *("a frame without a mask", "a reserved opcode", "a reserved bit", "a ping in fragments"),
        *("compression that was not agreed", "a fragment of nothing", "a ping too long"),
        *("a text in the fragments of another", "half a close code"),
        "a close code that is not for sending",
    ),
    1007: (
        *("a text that is no UTF-8", "a text cut in a character"),
        "a close reason that is no UTF-8",
    ),
    1009: (
        *("a message too large", "a message too large in fragments", "a message of a tebibyte"),
        "a bomb",
    ),
}
GROWTH_MIB = 128
DEAF = 100
HALF_OPEN, OF_ONE_CLIENT = 1_000, 256
DATAGRAMS = 50
# Half a head on each connection: what the daemon keeps, and how many it turned away.
_CROWD = """
import resource, signal, socket, sys
hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 4_096), hard))
held, turned_away = [], 0
for _ in range(int(sys.argv[2])):
    one = socket.create_connection((sys.argv[1], 8620), timeout=10)
    held.append(one)
    if len(held) > int(sys.argv[3]):
        turned_away += one.recv(12) == b"HTTP/1.1 503"
    else:
        one.sendall(b"GET /ping HTTP/1.1\\r\\nho")
print(turned_away, flush=True)
signal.pause()
"""
# WebSockets that read nothing: messages of a megabyte on some, pings on the others, until nothing
# more is taken.
_DEAF = """
import signal, socket, struct, sys
large = struct.pack("!BBQ", 0x82, 0xff, 1_000_000) + bytes(4 + 1_000_000)
pings = (b"\\x89\\xfd" + bytes(4 + 125)) * 8_000
held = []
for number in range(int(sys.argv[3])):
    one = socket.socket()
    one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
    one.connect((sys.argv[1], 8620))
    one.settimeout(10)
    one.sendall(sys.argv[2].encode())
    assert one.recv(12) == b"HTTP/1.1 101"
    one.settimeout(0.1)
    try:
        for _ in range(10):
            one.sendall(pings if number % 2 else large)
    except (TimeoutError, ConnectionError):
        pass
    held.append(one)
print("holding", flush=True)
signal.pause()
"""
# A good one behind each two bad ones: what the system keeps for the daemon is never full of them.
_DATAGRAMS = """
import socket, sys
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
    sock.connect((sys.argv[1], 8620))
    sock.settimeout(10)
    for _ in range(int(sys.argv[2])):
        for bad in (b"", bytes(4096)):
            sock.send(bad)
        sock.send(b"good")
        assert sock.recv(9000) == b"good"
"""


def peak_mib(process: Process) -> float:
    """The most that it held in memory since `forget_peak`."""
    status = Path(f"/proc/{process.pid}/status").read_text()
    line = next(line for line in status.splitlines() if line.startswith("VmHWM:"))
    return int(line.split()[1]) / 1024


def forget_peak(process: Process) -> None:
    """What it holds now is the most so far: proc_pid_clear_refs(5)."""
    Path(f"/proc/{process.pid}/clear_refs").write_text("5")


class Attack:
    """What was heard of it, by case, and what is to be seen of the daemon afterwards."""

    def __init__(self, lab: Lab) -> None:
        pi, phone = lab.host("pi"), lab.host("phone")
        crowd, vandal = lab.host("crowd"), lab.host("vandal")
        daemon = serve(pi)
        where = "10.77.0.1"
        neighbour = phone.python(["-m", "tests.lan.neighbour", where])
        neighbour.wait_line("^both come back$")
        said = len(daemon.lines)
        forget_peak(daemon)
        before_mib = peak_mib(daemon)
        # From a neighbour, and from this host itself, where a proxy would have everybody behind it.
        self.turned_away = []
        for host, address, share in ((crowd, where, OF_ONE_CLIENT), (pi, "127.0.0.1", HALF_OPEN)):
            standing = host.python(["-c", _CROWD, address, str(HALF_OPEN), str(share)])
            self.turned_away.append(int(standing.wait_line(r"^\d+$", 60)))
        request = vandal_program.head("GET /echo/ws", vandal_program.OPENING, host=where).decode()
        deaf = lab.host("deaf").python(["-c", _DEAF, where, request, str(DEAF)])
        deaf.wait_line("^holding$", 60)
        vandal.run([sys.executable, "-c", _DATAGRAMS, where, str(DATAGRAMS)])
        heard = vandal.run([sys.executable, "-m", "tests.lan.vandal", where], timeout_s=90)
        self.heard = {
            k: v for line in heard.stdout.splitlines() for k, v in json.loads(line).items()
        }
        self.growth_mib = peak_mib(daemon) - before_mib
        self.journal = [line.text for line in daemon.lines[said:]]
        self.neighbour_status = neighbour.terminate()
        self.neighbour = json.loads(neighbour.stdout.splitlines()[-1])
        self.status = http(pi, "http://127.0.0.1:8620/api/v1/status").body
        eventually(
            lambda: http(pi, "http://127.0.0.1:8620/echo").body["holds"]["requests"] == 1,
            what="nothing is left over",
        )


@pytest.fixture(scope="module")
def attack() -> Generator[Attack]:
    """One, and a neighbour beside it."""
    with Lab() as lab:
        yield Attack(lab)


@pytest.mark.parametrize(
    ("code", "case"), [(code, case) for code, cases in EXPECTED.items() for case in cases]
)
def test_each_is_answered_with_what_is_wrong(attack: Attack, code: int, case: str) -> None:
    """The status of HTTP, or the close code of RFC 6455 §7.4.1."""
    assert attack.heard[case] == code


def test_every_case_is_expected(attack: Attack) -> None:
    """None was added that nobody looks at."""
    assert sorted(attack.heard) == sorted(case for cases in EXPECTED.values() for case in cases)


def test_one_host_keeps_its_share_of_the_connections(attack: Attack) -> None:
    """The rest is told 503."""
    assert attack.turned_away == [HALF_OPEN - OF_ONE_CLIENT, 0]


def test_a_neighbour_notices_nothing(attack: Attack) -> None:
    """Its two connections lived through all of it, and every echo came back."""
    assert attack.neighbour_status == 0
    assert min(attack.neighbour.values()) > 100


def test_memory_is_bounded(attack: Attack) -> None:
    """At the worst moment, of which the kernel keeps the record."""
    assert attack.growth_mib < GROWTH_MIB


def test_all_is_counted_and_nothing_written(attack: Attack) -> None:
    """Whoever reaches the port could fill the journal."""
    refused = attack.status["http_refused"]
    assert refused["head-too-large"] == len(EXPECTED[431])
    assert refused["crowded"] == sum(attack.turned_away)
    assert attack.status["echo_refused"] == {"empty": DATAGRAMS, "too-large": DATAGRAMS}
    assert attack.journal == []
