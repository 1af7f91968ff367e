"""From an announcement on the wire to the event at a reader of SSE, 1,000 services known.

Against the callback of a bare python-zeroconf browser that knows as many: each in turn, alone on
its core, hears new services announced one at a time. What counts is the time from just before the
packet is sent to just after the event was read, by a reader in a process of its own, or to the
beginning of the callback.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from benchmarks.known import IDLE_S, LONGEST_S, Daemon, flood, program, report, source
from benchmarks.processes import LOAD, Program
from benchmarks.report import Check, Result, ratio
from tests.lan.lab import Lab

if TYPE_CHECKING:
    from tests.lan.host import Host

NAME = "events"
NEEDS_LAB = True
SERVICES, RATE = 1_000, 500
NEW, NEW_RATE = 100, 20
RUNS, QUICK_RUNS = 5, 1
OVER_ZEROCONF = 3.0


def run(*, quick: bool) -> Result:
    """A fresh process for each run."""
    runs: dict[str, list[float]] = {"lanbridge, SSE": [], "python-zeroconf": []}
    missing = 0
    with Lab() as lab:
        keeper, sender = lab.host("keeper"), lab.host("sender")
        for _ in range(QUICK_RUNS if quick else RUNS):
            for who, measure in (("lanbridge, SSE", serve), ("python-zeroconf", listen)):
                sent_s, told_s = measure(keeper, sender)
                runs[who] += [
                    (told_s[name] - at_s) * 1e3 for name, at_s in sent_s.items() if name in told_s
                ]
                missing += len(sent_s.keys() - told_s.keys())
    checks = [
        Check("times zeroconf's time", ratio(runs, *runs), OVER_ZEROCONF),
        Check("events that were missing", missing, 0),
    ]
    facts = {f"{who}: p99, ms": sorted(held)[len(held) * 99 // 100] for who, held in runs.items()}
    title = f"From an announcement to its event, {SERVICES:,} services known"
    return Result(NAME, title, "ms", runs, checks, facts)


def serve(keeper: Host, sender: Host) -> tuple[dict[str, float], dict[str, float]]:
    """When each service was sent, and when its event was read."""
    with Daemon(keeper) as daemon:
        daemon.hears(sender, SERVICES, RATE)
        reader = Program(keeper, program("read_events"), core=LOAD)
        try:
            reader.line(LONGEST_S)
            sent_s = announce(sender)
            daemon.settle(IDLE_S, LONGEST_S)
            reader.terminate()
            return sent_s, json.loads(reader.line(LONGEST_S).text)["resolved_s"]
        finally:
            reader.stop()


def listen(keeper: Host, sender: Host) -> tuple[dict[str, float], dict[str, float]]:
    """When each service was sent, and when the callback came."""
    peer = Program(keeper, program("zeroconf_callback"))
    try:
        peer.line(LONGEST_S)
        flood(sender, SERVICES, RATE)
        peer.settle(IDLE_S, LONGEST_S)
        sent_s = announce(sender)
        peer.settle(IDLE_S, LONGEST_S)
        peer.terminate()
        told_s: dict[str, Any] = json.loads(peer.line(LONGEST_S).text)
    finally:
        peer.stop()
    return sent_s, told_s


def announce(sender: Host) -> dict[str, float]:
    """New services, one at a time."""
    return report(sender, program("announce_new", source(sender), SERVICES, NEW, NEW_RATE))
