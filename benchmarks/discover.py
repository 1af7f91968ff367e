"""`lanbridge discover`, cold, against avahi and against bare python-zeroconf, on six hosts.

Measured from the fork to the arrival of the line of the last of 205 services, each with an
address, its port and its TXT record; avahi's daemon is started with its browser.
"""

from __future__ import annotations

import json
import sys
import time
from typing import TYPE_CHECKING, NamedTuple

from benchmarks.lan import PROGRAMS, SERVICE_TYPE, SERVICES, SixHosts
from benchmarks.processes import LANBRIDGE, Program
from benchmarks.report import Check, Result, ratio
from tests.lan.avahi import parse as parse_avahi
from tests.lan.discovery import Found
from tests.lan.lab import Lab

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.lan.host import Host

NAME = "discover"
NEEDS_LAB = True
RUNS, QUICK_RUNS = 20, 3
LONGEST_S = 20.0
OVER_AVAHI, OVER_ZEROCONF = 5.0, 1.5


class Contender(NamedTuple):
    """`programs`: started together, and the lines of the last one are read by `parse`."""

    programs: list[list[str]]
    parse: Callable[[str], object]
    ends: bool  # by itself, when it has found everything


class Outcome(NamedTuple):
    """Seconds to the last service and to the end of the command; None: not within LONGEST_S."""

    found: int
    last_s: float | None
    end_s: float | None


def run(*, quick: bool) -> Result:
    """Each contender in turn, on the same host of the same LAN, after the same silence."""
    with Lab() as lab:
        lan = SixHosts(lab)
        seeker = lab.host("seeker")
        avahi = seeker.avahi()  # it leaves the bus it needs, and shows how it is started
        avahi.terminate()
        zeroconf = [sys.executable, "-m", f"{PROGRAMS}.zeroconf_discover", SERVICE_TYPE]
        # --no-fail: it waits for the bus name of the daemon, which is started at the same moment.
        # To wait for "Server startup complete" first would cost avahi a second more.
        browse = ["avahi-browse", "--no-fail", "-trp", SERVICE_TYPE]
        contenders = {
            "lanbridge": Contender(
                [[LANBRIDGE, "discover", SERVICE_TYPE, "--format", "jsonl"]], parse_json, True
            ),
            "avahi": Contender([avahi.argv, browse], parse_avahi, True),
            "python-zeroconf": Contender([zeroconf], parse_json, False),
        }
        outcomes: dict[str, list[Outcome]] = {who: [] for who in contenders}
        for number in range(-1, QUICK_RUNS if quick else RUNS):
            for who, contender in contenders.items():
                lan.wait_quiet()
                outcome = measure(contender, lan, seeker)
                if number >= 0:  # the first one reads files from the disk and compiles
                    outcomes[who].append(outcome)
    return judge(outcomes)


def measure(contender: Contender, lan: SixHosts, seeker: Host) -> Outcome:
    """One run, from the fork to the last line that counts."""
    *others, words = contender.programs
    helpers = [Program(seeker, argv, silent=True) for argv in others]
    program = Program(seeker, words)
    started_s = min(one.started_s for one in (program, *helpers))
    seen: set[str] = set()
    last_s = end_s = None
    for line in program.lines(started_s + LONGEST_S):
        found = contender.parse(line.text)
        if isinstance(found, Found) and found.name not in seen and lan.is_right(found):
            seen.add(found.name)
            if len(seen) == SERVICES:
                last_s = line.at_s - started_s
                if not contender.ends:
                    break
    else:
        end_s = time.monotonic() - started_s
    for one in (program, *helpers):
        one.stop()
    return Outcome(len(seen), last_s, end_s)


def parse_json(line: str) -> Found:
    """A line of `lanbridge discover --format jsonl`, or of the zeroconf script."""
    row = json.loads(line)
    addresses = [one["address"] if isinstance(one, dict) else one for one in row["addresses"]]
    return Found(row["name"], SERVICE_TYPE, row["host"], row["port"], tuple(addresses), row["txt"])


def judge(outcomes: dict[str, list[Outcome]]) -> Result:
    """Compare the medians of the runs that found everything."""
    runs = {
        who: [one.last_s for one in held if one.last_s is not None]
        for who, held in outcomes.items()
    }
    whole = [one.found == SERVICES for one in outcomes["lanbridge"]]
    facts: dict[str, float] = {}
    for who, held in outcomes.items():
        facts[f"{who}: fewest of {SERVICES}"] = min(one.found for one in held)
        ends = sorted(one.end_s for one in held if one.end_s is not None)
        if ends:
            facts[f"{who}: s to the end of the command"] = ends[len(ends) // 2]
    checks = [
        Check("runs that found all", sum(whole), len(whole), at_least=True),
        Check("times faster than avahi", ratio(runs, "avahi", "lanbridge"), OVER_AVAHI, True),
        Check("times zeroconf's time", ratio(runs, "lanbridge", "python-zeroconf"), OVER_ZEROCONF),
    ]
    title = f"Discover {SERVICES} services of 6 hosts, cold"
    return Result(NAME, title, "s", runs, checks, facts)
