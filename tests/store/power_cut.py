"""Writes without end, and is killed 200 times; run by test_power_cut in a process of its own.

Each round is a daemon that found the file as the one before left it: it writes numbers, two of them
in one transaction, and reports each when it is on the disk. What was reported must be there.
"""

import asyncio
import os
import random
import signal
import struct
import sys
from pathlib import Path

from lanbridge.store.store import Change, Store

ROUNDS = 200
LONGEST_S = 0.03
NUMBER = struct.Struct("=Q")


async def write_without_end(path: Path, first: int, report: int) -> None:
    """Until it is killed."""
    store = Store(path)
    store.open()
    assert store.problem is None
    os.write(report, NUMBER.pack(first - 1))
    for number in range(first, first + 1_000_000):
        item = {"number": number, "padding": "x" * (number * 37 % 3_000)}
        changes = [Change("service", str(number % 7), item), Change("device", "last", item)]
        assert await store.write(changes, float(number))
        os.write(report, NUMBER.pack(number))


def found(path: Path) -> int:
    """The last number in the file, which must be whole."""
    store = Store(path)
    store.open()
    assert store.problem is None, store.problem
    assert store.moved is None, store.moved
    last = max((item["number"] for item in store.items("service")), default=0)
    pair = max((item["number"] for item in store.items("device")), default=0)
    assert last == pair, "half a transaction"
    assert last == int(store.saved_s)
    store.close()
    return last


def main(path: Path) -> None:
    """All rounds."""
    dice = random.Random(20_261_124)  # noqa: S311  # no secret
    last, cut = 0, 0
    for _ in range(ROUNDS):
        read, report = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(read)
            asyncio.run(write_without_end(path, last + 1, report))
        os.close(report)
        os.read(read, NUMBER.size)  # it is open: what is killed is killed while it writes
        signal.setitimer(signal.ITIMER_REAL, dice.uniform(0.000_1, LONGEST_S))
        signal.sigwait({signal.SIGALRM})
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        told = b""
        while piece := os.read(read, 65_536):
            told += piece
        os.close(read)
        promised = NUMBER.unpack(told[-NUMBER.size :])[0] if told else last
        there = found(path)
        assert there >= promised, f"{promised} was on the disk, {there} is"
        cut += there > last
        last = there
    sys.stdout.write(f"{ROUNDS} {cut} {last}")


if __name__ == "__main__":
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGALRM})
    main(Path(sys.argv[1]))
