"""Resident memory of `lanbridge serve` that knows many services, while a dashboard is open.

The dashboard is a reader of the events, and one that asks for the list every two seconds.
"""

from __future__ import annotations

from benchmarks.known import LONGEST_S, Daemon, program, report
from benchmarks.processes import LOAD, Program
from benchmarks.report import Check, Result
from tests.lan.lab import Lab

NAME = "memory"
NEEDS_LAB = True
LIMITS_MIB = {1_000: 85.0, 10_000: 140.0}
RATE = 1_000
RUNS, QUICK_RUNS = 3, 1
SECONDS, PAUSE_S = 10.0, 2.0


def run(*, quick: bool) -> Result:
    """A fresh daemon for each."""
    runs: dict[str, list[float]] = {}
    facts: dict[str, float] = {}
    with Lab() as lab:
        keeper, sender = lab.host("keeper"), lab.host("sender")
        for _ in range(QUICK_RUNS if quick else RUNS):
            for count in LIMITS_MIB:
                with Daemon(keeper) as daemon:
                    facts["idle, MiB"] = daemon.rss_mib()
                    daemon.hears(sender, count, RATE)
                    facts[f"{count:,} services, before the dashboard, MiB"] = daemon.rss_mib()
                    reader = Program(keeper, program("read_events"), core=LOAD)
                    try:
                        reader.line(LONGEST_S)
                        report(keeper, program("poll_list", SECONDS, PAUSE_S))
                        runs.setdefault(f"{count:,} services", []).append(daemon.rss_mib())
                    finally:
                        reader.stop()
    checks = [
        Check(f"MiB, {count:,} services", max(runs[f"{count:,} services"]), limit_mib)
        for count, limit_mib in LIMITS_MIB.items()
    ]
    return Result(NAME, "Resident memory with a dashboard open", "MiB", runs, checks, facts)
