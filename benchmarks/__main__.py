"""`python -m benchmarks [NAME...] [--quick]`: 0 if every target is met, 1 if one is missed."""

from __future__ import annotations

import argparse
import os
import sys
import time
from pathlib import Path

from benchmarks import (
    api,
    discover,
    echo,
    events,
    flood,
    hostile_flood,
    idle,
    memory,
    recovery,
    soak,
    startup,
)
from benchmarks.processes import LOAD
from tests.lan.lab import is_inside

_MODULES = (
    startup,
    discover,
    flood,
    recovery,
    idle,
    api,
    events,
    memory,
    soak,
    hostile_flood,
    echo,
)
BENCHMARKS = {module.NAME: module for module in _MODULES}
RESULTS = Path(__file__).parent / "results"
OUTSIDE = "these multicast, and run only in the network laboratory: {}; use `make bench`"


def main(arguments: list[str]) -> int:
    """Run what was asked for, print each table, and write the results of whole runs."""
    parser = argparse.ArgumentParser(prog="benchmarks", description=__doc__)
    parser.add_argument("names", metavar="NAME", nargs="*", help=", ".join(BENCHMARKS))
    parser.add_argument("--quick", action="store_true", help="few runs, and nothing is written")
    parser.add_argument("--minutes", type=float, help="how long the soak is")
    options = parser.parse_args(arguments)
    names = options.names or list(BENCHMARKS)
    if unknown := [name for name in names if name not in BENCHMARKS]:
        parser.error(f"there is no {', '.join(unknown)}; there are {', '.join(BENCHMARKS)}")
    if not is_inside() and (refused := [one for one in names if BENCHMARKS[one].NEEDS_LAB]):
        parser.error(OUTSIDE.format(", ".join(refused)))

    os.sched_setaffinity(0, {LOAD})  # what is started here inherits it: peers, load, switch
    met = True
    for name in names:
        begin_s = time.monotonic()
        more = {"minutes": options.minutes} if name == soak.NAME else {}
        result = BENCHMARKS[name].run(quick=options.quick, **more)
        sys.stdout.write(f"{result.table()}\n  took {time.monotonic() - begin_s:.0f} s\n\n")
        sys.stdout.flush()
        met &= result.met
        if not options.quick:
            result.write(RESULTS)
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
