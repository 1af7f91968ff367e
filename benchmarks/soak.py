"""A soak: 50 changes a second of 1,000 services, a reader of the events, and a list now and then.

Nothing may grow after the first quarter (five of twenty minutes), and no event may be lost.
"""

from __future__ import annotations

import json
import time
from statistics import median

from benchmarks.known import LONGEST_S, Daemon, program, source
from benchmarks.processes import LOAD, Program
from benchmarks.report import Check, Result
from tests.lan.lab import Lab

NAME = "soak"
NEEDS_LAB = True
SERVICES, RATE = 1_000, 500
CHANGES = 50
MINUTES, QUICK_MINUTES = 4.0, 1.0
LOOK_S, POLL_S = 5.0, 5.0
GROWTH_MIB = 1.0  # what two medians of one and the same may differ by


def run(*, quick: bool, minutes: float | None = None) -> Result:
    """Look at the memory while it goes on."""
    seconds = 60 * (minutes or (QUICK_MINUTES if quick else MINUTES))
    with Lab() as lab:
        keeper, sender = lab.host("keeper"), lab.host("sender")
        with Daemon(keeper) as daemon:
            daemon.hears(sender, SERVICES, RATE)
            reader = Program(keeper, program("read_events"), core=LOAD)
            poller = Program(keeper, program("poll_list", seconds, POLL_S), core=LOAD)
            changer = Program(
                sender, program("change", source(sender), SERVICES, CHANGES, seconds), core=LOAD
            )
            try:
                reader.line(LONGEST_S)
                before_s, begin_s = daemon.cpu_s(), time.monotonic()
                looks = []
                while time.monotonic() - begin_s < seconds:
                    time.sleep(LOOK_S)
                    looks.append(daemon.rss_mib())
                sent = json.loads(changer.line(LONGEST_S).text)
                used_s = daemon.cpu_s() - before_s
                polled = json.loads(poller.line(LONGEST_S).text)
                daemon.settle(1.0, LONGEST_S)
                reader.terminate()
                read = json.loads(reader.line(LONGEST_S).text)
            finally:
                for one in (reader, poller, changer):
                    one.stop()
    quarter = max(1, len(looks) // 4)
    early, late = looks[quarter : 2 * quarter], looks[-quarter:]
    checks = [
        Check("events lost", sent["sent"] - read["counts"].get("service.updated", 0), 0),
        Check("gaps in the numbers", read["gaps"] + read["counts"].get("resync", 0), 0),
        Check("MiB grown after the first quarter", median(late) - median(early), GROWTH_MIB),
    ]
    facts = {
        "minutes": seconds / 60,
        "changes": sent["sent"],
        "services offline": read["counts"].get("service.lost", 0),
        "share of a core": used_s / seconds,
        "p99 of the list, ms": polled["p99_s"] * 1000,
    }
    title = f"{CHANGES} changes a second of {SERVICES:,} services: resident memory"
    return Result(
        NAME, title, "MiB", {"the second quarter": early, "the last one": late}, checks, facts
    )
