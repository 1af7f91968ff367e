"""`lanbridge --help` against `python -c pass`: what every start of a command costs."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

from benchmarks.processes import LANBRIDGE, TESTED
from benchmarks.report import Check, Result, ratio

LIMIT = 6.0
RUNS, QUICK_RUNS = 40, 8
NAME = "startup"
NEEDS_LAB = False

CONTENDERS = {
    "lanbridge --help": [LANBRIDGE, "--help"],
    "python -c pass": [sys.executable, "-c", "pass"],
}


def run(*, quick: bool) -> Result:
    """Start each in turn, on one core, and wait for its end."""
    runs: dict[str, list[float]] = {who: [] for who in CONTENDERS}
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {TESTED})  # what is started here inherits it
    try:
        for argv in CONTENDERS.values():
            start(argv)  # the first one reads files from the disk and compiles
        for _ in range(QUICK_RUNS if quick else RUNS):
            for who, argv in CONTENDERS.items():
                runs[who].append(start(argv) * 1000)
    finally:
        os.sched_setaffinity(0, before)
    value = ratio(runs, *CONTENDERS)
    check = Check("times python -c pass", value, LIMIT)
    return Result(NAME, "Start: lanbridge --help and python -c pass", "ms", runs, [check])


def start(argv: list[str]) -> float:
    """Seconds from the fork to the end."""
    environment = {key: os.environ[key] for key in ("PATH", "HOME", "LANG") if key in os.environ}
    nothing = (os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)
    begin_s = time.monotonic()
    pid = os.posix_spawn(argv[0], argv, environment, file_actions=[nothing])
    _, status = os.waitpid(pid, 0)
    took_s = time.monotonic() - begin_s
    if status != 0:
        raise ChildProcessError(f"{Path(argv[0]).name} ended with {status}")
    return took_s
