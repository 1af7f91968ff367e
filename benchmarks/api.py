"""A list of 1,000 services that does not change, against a bare application with the same bytes.

Measured is what a server can do with a second of CPU time: requests over the user and system time
that its process used for them, each path in turn, on a core of its own. So the client, which is
Python too, sets no bound. The 304 of who has the list already is measured against `/ping`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from benchmarks.known import Daemon, program, report
from benchmarks.processes import Program
from benchmarks.report import Check, Result, ratio
from tests.lan.lab import Lab

if TYPE_CHECKING:
    from pathlib import Path

NAME = "api"
NEEDS_LAB = True
SERVICES, RATE = 1_000, 500
RUNS, QUICK_RUNS = 7, 2
SECONDS, CONNECTIONS = 2.0, 16
PORT, BARE_PORT = 8620, 8622
LIST = "/api/v1/services"
OF_BARE, OF_PING = 0.6, 0.8


def run(*, quick: bool) -> Result:
    """One daemon and one peer, asked in turn."""
    runs: dict[str, list[float]] = {}
    latencies_s: dict[str, list[float]] = {}
    with Lab() as lab:
        keeper, sender = lab.host("keeper"), lab.host("sender")
        with Daemon(keeper) as daemon:
            daemon.hears(sender, SERVICES, RATE)
            file = lab.directory / "list.json"
            report(keeper, program("fetch", PORT, LIST, file))
            size = file.stat().st_size
            bare = Program(keeper, program("bare_bytes", BARE_PORT, file), silent=True)
            asked = {
                "list": (daemon, PORT, LIST),
                "bare": (bare, BARE_PORT, LIST),
                "304": (daemon, PORT, LIST),
                "ping": (daemon, PORT, "/ping"),
            }
            try:
                for number in range(-1, QUICK_RUNS if quick else RUNS):
                    for who, (server, port, path) in asked.items():
                        used_s, answer = measure(server, port, path, file, is_known=who == "304")
                        if number >= 0:  # the first warms up
                            runs.setdefault(who, []).append(answer["answers"] / used_s)
                            latencies_s.setdefault(who, []).append(answer["p99_s"])
            finally:
                bare.stop()
    facts = {f"{who}: p99, ms": max(held) * 1000 for who, held in latencies_s.items()}
    facts["bytes of a page of the list"] = size
    checks = [
        Check("list, of bare", ratio(runs, "list", "bare"), OF_BARE, at_least=True),
        Check("304, of /ping", ratio(runs, "304", "ping"), OF_PING, at_least=True),
    ]
    return Result(
        NAME, f"A list of {SERVICES:,} services, unchanged", "answers/CPU s", runs, checks, facts
    )


def measure(
    server: Program, port: int, path: str, file: Path, *, is_known: bool
) -> tuple[float, dict[str, Any]]:
    """CPU seconds of the server, and what came; anew where the list changed on the way.

    is_known: asked by who has the list already.
    """
    while True:
        etag = report(server.host, program("fetch", port, path, file))["etag"]
        more = [f"If-None-Match: {etag}"] if is_known else []
        before_s = server.cpu_s()
        words = (port, SECONDS, CONNECTIONS, path, *more)
        answer = report(server.host, program("load_http", *words))
        if not answer["changed"] and answer["status"] == (304 if is_known else 200):
            return server.cpu_s() - before_s, answer
