"""20,000 made-up services at 3,000 packets a second for a minute, beside 50 honest ones.

The 50, of a real responder, stay visible and correct, memory stays flat, lists are answered, and
afterwards the daemon is idle again.
"""

from __future__ import annotations

import json
import time

from benchmarks.known import Daemon, program, report, source
from benchmarks.lan import SERVICE_TYPE, publish, service
from benchmarks.processes import LOAD, Program
from benchmarks.report import Check, Result
from tests.lan.lab import Lab
from tests.lan.process import eventually

NAME = "hostile_flood"
NEEDS_LAB = True
HONEST, BOGUS, RATE = 50, 20_000, 3_000
SECONDS, QUICK_SECONDS = 60.0, 15.0
POLL_S = 0.5
GROWTH_MIB, P99_MS, IDLE_SHARE = 40.0, 250.0, 0.03
REST_S = 30.0  # what the last look has asked for has answered by then, or is gone
IDLE_S, SETTLES_WITHIN_S, LONGEST_S = 5.0, 60.0, 120.0


def run(*, quick: bool) -> Result:
    """One flood."""
    seconds = QUICK_SECONDS if quick else SECONDS
    with Lab() as lab:
        keeper, stranger = lab.host("keeper"), lab.host("stranger")
        honest = lab.host("avahi-honest")
        addresses = {one.partition("/")[0] for one in honest.addresses()}
        publish(honest, [service(number) for number in range(HONEST)], addresses)
        look = program("poll_list", 0.1, 0.1, SERVICE_TYPE, HONEST)
        with Daemon(keeper) as daemon:
            eventually(lambda: report(keeper, look)["fewest"] == HONEST, what="all are found")
            daemon.settle(1.0, SETTLES_WITHIN_S)
            before_mib, dropped = daemon.rss_mib(), daemon.dropped()
            before_s = daemon.cpu_s()
            words = (source(stranger), BOGUS, RATE, seconds)
            flooder = Program(stranger, program("flood", *words), core=LOAD)
            poller = Program(
                keeper, program("poll_list", seconds, POLL_S, SERVICE_TYPE, HONEST), core=LOAD
            )
            try:
                polled = json.loads(poller.line(LONGEST_S).text)
                sent = json.loads(flooder.line(LONGEST_S).text)
            finally:
                poller.stop()
                flooder.stop()
            used_s = daemon.cpu_s() - before_s
            full_mib, dropped = daemon.rss_mib(), daemon.dropped() - dropped
            time.sleep(REST_S)
            daemon.settle(2.0, SETTLES_WITHIN_S)
            idle_s = daemon.cpu_s()
            time.sleep(IDLE_S)
            idle_share = (daemon.cpu_s() - idle_s) / IDLE_S
            after = report(keeper, look)["fewest"]
    checks = [
        Check("honest services, fewest seen", min(polled["fewest"], after), HONEST, at_least=True),
        Check("MiB grown", full_mib - before_mib, GROWTH_MIB),
        Check("p99 of the list, ms", polled["p99_s"] * 1000, P99_MS),
        Check("share of a core afterwards", idle_share, IDLE_SHARE),
    ]
    facts = {
        "RSS before, MiB": before_mib,
        "RSS after, MiB": full_mib,
        "median of the list, ms": polled["p50_s"] * 1000,
        "lists asked for": polled["answers"],
        "share of a core in the flood": used_s / seconds,
        "datagrams the kernel dropped": dropped,
        "packets a second sent": sent["sent"] / sent["seconds"],
    }
    title = f"{BOGUS:,} made-up services at {RATE:,} packets a second"
    return Result(NAME, title, "MiB", {"grown": [full_mib - before_mib]}, checks, facts)
