"""Echo over UDP, HTTP and WebSocket, against the least that a program can do for it.

The daemon is as users run it, its guard included; only the guard's rates are lifted. It has a
core to itself and is kept busy from the other one; each peer has its turn there in the same run,
under the same load. The load and the peer over UDP are in C, and need a compiler.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from contextlib import ExitStack, contextmanager
from importlib.util import find_spec
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, NamedTuple

from benchmarks.lan import PROGRAMS
from benchmarks.processes import LOAD, TESTED, Program, core_times
from benchmarks.report import Check, Result, ratio
from tests.lan.lab import Lab
from tests.lan.node import SCRIPTS

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

    from tests.lan.host import Host

NAME = "echo"
NEEDS_LAB = True
RUNS, QUICK_RUNS = 6, 1
TRIAL_S, QUICK_TRIAL_S = 1.0, 0.5
TRANSFERS, QUICK_TRANSFERS = 5, 1
LONGEST_S = 60.0
OVER_STREAM = 0.5
GROWTH_MIB, IDLE_KIB = 16.0, 25.0
BUSY = 0.95  # of its core, at least: then it is the server that is measured, and not the load
CONNECTIONS = 32
PAYLOAD = bytes(range(64))
TRANSFER_BYTES = 200 * 1024 * 1024
IDLE = 1_000
HERE = Path(__file__).parent / "programs"


class Contender(NamedTuple):
    """Who answers on which port, and how it is asked: over UDP where nothing is requested."""

    port: int
    request: bytes = b""
    handshake: bytes = b""


class Trial(NamedTuple):
    """us: microseconds an answer. server, load: how busy either core was, 0 to 1."""

    us: float
    server: float
    load: float


HANDSHAKE = (
    b"GET /echo/ws HTTP/1.1\r\nhost: a\r\nupgrade: websocket\r\nconnection: upgrade\r\n"
    b"sec-websocket-key: MDEyMzQ1Njc4OWFiY2RlZg==\r\nsec-websocket-version: 13\r\n\r\n"
)
# RFC 6455 §5.2: binary, masked with zeros, which leaves the payload as it is.
FRAME = bytes((0x82, 0x80 | len(PAYLOAD), 0, 0, 0, 0)) + PAYLOAD
GET = b"GET /ping HTTP/1.1\r\nhost: a\r\n\r\n"
POST = b"POST /echo/raw HTTP/1.1\r\nhost: a\r\ncontent-length: %d\r\n\r\n" % len(PAYLOAD) + PAYLOAD
OURS, BARE, UDP_C, NODE, PICOWS = 8620, 8621, 8622, 8623, 8624
CONTENDERS = {
    "HTTP: /ping": Contender(OURS, GET),
    "HTTP: /echo/raw": Contender(OURS, POST),
    "HTTP: bare hello": Contender(BARE, GET),
    "HTTP: bare echo": Contender(BARE, POST),
    "WS: /echo/ws": Contender(OURS, FRAME, HANDSHAKE),
    "WS: bare echo": Contender(BARE, FRAME, HANDSHAKE),
    "WS: node ws": Contender(NODE, FRAME, HANDSHAKE),
    "WS: picows": Contender(PICOWS, FRAME, HANDSHAKE),
    # Last, for over TCP it is waited for a server that does not listen yet.
    "UDP: lanbridge": Contender(OURS),
    "UDP: recvfrom, sendto in C": Contender(UDP_C),
}

# Who is compared with whom, and the least share of its rate; None is told, and not judged.
SHARES: tuple[tuple[str, str, float | None], ...] = (
    ("UDP: lanbridge", "UDP: recvfrom, sendto in C", 0.6),
    ("HTTP: /ping", "HTTP: bare hello", 0.8),
    ("HTTP: /echo/raw", "HTTP: bare hello", 0.8),
    ("HTTP: /echo/raw", "HTTP: bare echo", None),  # hello reads no body
    ("WS: /echo/ws", "WS: bare echo", 0.95),
)


def run(*, quick: bool) -> Result:
    """All in turn, again and again; then what is large, and what is idle."""
    with Lab() as lab, ExitStack() as stack:
        bench = Bench(lab, QUICK_TRIAL_S if quick else TRIAL_S)
        contenders = dict(CONTENDERS)
        ours = stack.enter_context(bench.serving("python", "-m", f"{PROGRAMS}.serve_unlimited"))
        stack.enter_context(bench.serving("python", "-m", f"{PROGRAMS}.bare_asgi", str(BARE)))
        stack.enter_context(bench.serving(bench.compiled("udp_echo"), str(UDP_C)))
        stack.enter_context(bench.serving("node", HERE / "node_ws.js", SCRIPTS, str(NODE)))
        if find_spec("picows"):
            picows = [f"{PROGRAMS}.picows_echo", str(PICOWS)]
            stack.enter_context(bench.serving("python", "-m", *picows))
        else:
            del contenders["WS: picows"]
            sys.stdout.write("picows is not installed, and left out\n")
        trials: dict[str, list[Trial]] = {who: [] for who in contenders}
        for number in range(-1, QUICK_RUNS if quick else RUNS):
            for who, contender in contenders.items():
                trial = bench.trial(contender)
                if number >= 0:  # the first one is to warm up
                    trials[who].append(trial)
        transfers = bench.transfers(ours, QUICK_TRANSFERS if quick else TRANSFERS)
        idle_kib = bench.idle_kib(ours)
    return judge(trials, transfers, idle_kib)


class Bench:
    """A server, and a client that loads it."""

    def __init__(self, lab: Lab, trial_s: float) -> None:
        self._server, self._client = lab.host("server"), lab.host("client")
        self._address = self._server.addresses()[0].partition("/")[0]
        self._directory = lab.directory
        self._trial_s = trial_s
        self._load = self.compiled("load")

    def compiled(self, name: str) -> Path:
        """One of our programs in C."""
        compiler = shutil.which("cc")
        if compiler is None:
            raise FileNotFoundError("the benchmark `echo` needs a C compiler, and finds no `cc`")
        program = self._directory / name
        subprocess.run([compiler, "-O2", "-o", program, HERE / f"{name}.c"], check=True)
        return program

    @contextmanager
    def serving(self, *words: str | Path) -> Generator[Program]:
        """A server; who connects waits until it listens."""
        program = _program(self._server, words, TESTED)
        try:
            yield program
        finally:
            program.stop()

    def trial(self, contender: Contender) -> Trial:
        """Load one server for a while."""
        words = [self._address, str(contender.port), str(self._trial_s)]
        if contender.request:
            shake = contender.handshake.hex() or "-"
            words = ["tcp", *words, str(CONNECTIONS), shake, contender.request.hex()]
        else:
            words = ["udp", *words, str(len(PAYLOAD))]
        load = _program(self._client, [self._load, *words], LOAD)
        load.line(LONGEST_S)  # it has warmed up
        before = core_times(TESTED), core_times(LOAD)
        report = json.loads(load.line(LONGEST_S).text)
        after = core_times(TESTED), core_times(LOAD)
        load.stop()
        server, load_ = (now.busy_since(then) for then, now in zip(before, after, strict=True))
        return Trial(1e6 * report["seconds"] / report["answers"], server, load_)

    def transfers(self, ours: Program, count: int) -> dict[str, list[float]]:
        """MB a second of a file, each way, ours and bare; and what memory it took of ours."""
        size = str(TRANSFER_BYTES)
        paths = {"upload": ("/echo/upload", "/upload")}
        paths["download"] = (f"/echo/download/{size}", f"/download/{size}")
        found: dict[str, list[float]] = {}
        for what, (path, bare) in paths.items():
            for _ in range(count):
                before_mib = ours.rss_mib()
                ours.forget_peak()
                rate = self._transfer(what, OURS, path)
                found.setdefault(f"{what}: MiB of memory", []).append(ours.peak_mib() - before_mib)
                found.setdefault(f"{what}: MB/s", []).append(rate)
                rate = self._transfer(what, BARE, bare)
                found.setdefault(f"{what}: MB/s bare", []).append(rate)
        return found

    def idle_kib(self, ours: Program) -> float:
        """What an idle WebSocket takes of memory."""
        before_mib = ours.rss_mib()
        # From the host itself: no other one may have so many connections.
        words = ("python", "-m", f"{PROGRAMS}.hold", "idle", "127.0.0.1", str(OURS), "/echo/ws")
        held = _program(self._server, (*words, str(IDLE)), LOAD)
        held.line(LONGEST_S)
        after_mib = ours.rss_mib()
        held.stop()
        return (after_mib - before_mib) * 1024 / IDLE

    def _transfer(self, what: str, port: int, path: str) -> float:
        held = self._hold(what, port, path, TRANSFER_BYTES)
        seconds = float(held.line(LONGEST_S).text)
        held.stop()
        return TRANSFER_BYTES / seconds / 1e6

    def _hold(self, what: str, port: int, path: str, number: int) -> Program:
        words = ("python", "-m", f"{PROGRAMS}.hold", what, self._address, str(port), path)
        return _program(self._client, (*words, str(number)), LOAD)


def _program(host: Host, words: Sequence[str | Path], core: int) -> Program:
    argv = [sys.executable if word == "python" else str(word) for word in words]
    return Program(host, argv, core=core)


def judge(
    trials: dict[str, list[Trial]], transfers: dict[str, list[float]], idle_kib: float
) -> Result:
    """Compare run with run, for both were disturbed alike, and take the median of that.

    Of memory, the worst counts.
    """
    runs = {who: [trial.us for trial in held] for who, held in trials.items()}
    checks = []
    shares = {
        (ours, bare): median(least / us for least, us in zip(runs[bare], runs[ours], strict=True))
        for ours, bare, _ in SHARES
    }
    for ours, bare, limit in SHARES:
        if limit is not None:
            checks.append(Check(f"{ours}, share of {bare}", shares[ours, bare], limit, True))
    facts = {f"{ours}, share of {bare}": share for (ours, bare), share in shares.items()}
    for what in ("upload", "download"):
        worst_mib = max(transfers[f"{what}: MiB of memory"])
        checks.append(Check(f"{what} of 200 MB: MiB of memory", worst_mib, GROWTH_MIB))
        share = ratio(transfers, f"{what}: MB/s", f"{what}: MB/s bare")
        checks.append(Check(f"{what} of 200 MB: share of a bare stream", share, OVER_STREAM, True))
        for kind in ("MB/s", "MB/s bare"):
            facts[f"{what}: {kind}"] = median(transfers[f"{what}: {kind}"])
    checks.append(Check("KiB an idle WebSocket", idle_kib, IDLE_KIB))
    least_busy = min(max(one.server for one in held) for held in trials.values())
    checks.append(Check("busy core of the least busy server", least_busy, BUSY, True))
    for who, held in trials.items():
        facts[f"{who}: answers a second"] = 1e6 / median(runs[who])
        facts[f"{who}: core of the server, busy"] = median(one.server for one in held)
        facts[f"{who}: core of the load, busy"] = median(one.load for one in held)
    return Result(NAME, "Echo: what an answer takes of one core", "µs", runs, checks, facts)
