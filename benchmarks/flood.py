"""5,000 services announced once each at 2,000 packets a second: `lanbridge serve` keeps them all.

Its CPU time against that of a bare python-zeroconf process with one listener, which hears the
same flood: each in turn, alone on its core, from the first packet until it is idle again.
"""

from __future__ import annotations

from statistics import median
from typing import TYPE_CHECKING

from benchmarks.known import IDLE_S, LONGEST_S, Daemon, flood, program, report
from benchmarks.processes import Program
from benchmarks.report import Check, Result, ratio
from tests.lan.lab import Lab

if TYPE_CHECKING:
    from tests.lan.host import Host

NAME = "flood"
NEEDS_LAB = True
SERVICES, RATE = 5_000, 2_000
RUNS, QUICK_RUNS = 5, 1
OVER_ZEROCONF = 3.0


def run(*, quick: bool) -> Result:
    """A fresh process for every flood."""
    facts: dict[str, list[float]] = {}
    runs: dict[str, list[float]] = {"lanbridge serve": [], "python-zeroconf": []}
    with Lab() as lab:
        keeper, sender = lab.host("keeper"), lab.host("sender")
        for _ in range(QUICK_RUNS if quick else RUNS):
            for who, measure in (("lanbridge serve", serve), ("python-zeroconf", listen)):
                cpu_s, more = measure(keeper, sender)
                runs[who].append(cpu_s)
                for name, value in more.items():
                    facts.setdefault(name, []).append(value)
    fewest = min(facts["services in the listing"])
    checks = [
        Check("services in the listing", fewest, SERVICES, at_least=True),
        Check("times zeroconf's CPU", ratio(runs, *runs), OVER_ZEROCONF),
    ]
    title = f"{SERVICES:,} services at {RATE:,} packets a second: CPU time"
    told = {f"{name} (median)": median(values) for name, values in facts.items()}
    return Result(NAME, title, "s", runs, checks, told)


def serve(keeper: Host, sender: Host) -> tuple[float, dict[str, float]]:
    """The daemon: CPU seconds of the flood, and what else there is to know."""
    with Daemon(keeper) as daemon:
        before_s, idle_mib, dropped = daemon.cpu_s(), daemon.rss_mib(), daemon.dropped()
        sent = flood(sender, SERVICES, RATE)
        cpu_s = daemon.settle(IDLE_S, LONGEST_S) - before_s
        full_mib, dropped = daemon.rss_mib(), daemon.dropped() - dropped
        listing = report(keeper, program("ask_daemon", "services", "_flood._tcp"))
    return cpu_s, {
        "services in the listing": listing["whole"],
        "s to read all pages": listing["seconds"],
        "ms to the first 200 of /readyz": (daemon.ready_s - daemon.started_s) * 1000,
        "RSS idle, MiB": idle_mib,
        "RSS after the flood, MiB": full_mib,
        "datagrams the kernel dropped": dropped,
        "packets a second sent": sent["sent"] / sent["seconds"],
        "latest packet, ms": sent["latest_s"] * 1000,
    }


def listen(keeper: Host, sender: Host) -> tuple[float, dict[str, float]]:
    """The peer: CPU seconds of the flood, and what it heard of it."""
    peer = Program(keeper, program("zeroconf_listen"))
    try:
        peer.line(LONGEST_S)
        before_s = peer.settle(IDLE_S, LONGEST_S)
        idle_mib, dropped = peer.rss_mib(), peer.dropped()
        flood(sender, SERVICES, RATE)
        cpu_s = peer.settle(IDLE_S, LONGEST_S) - before_s
        full_mib, dropped = peer.rss_mib(), peer.dropped() - dropped
        peer.terminate()
        heard = int(peer.line(LONGEST_S).text)
    finally:
        peer.stop()
    return cpu_s, {
        "zeroconf: services that the listener was told of": heard,
        "zeroconf: RSS idle, MiB": idle_mib,
        "zeroconf: RSS after the flood, MiB": full_mib,
        "zeroconf: datagrams the kernel dropped": dropped,
    }
