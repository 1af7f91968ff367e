"""A daemon that knows so many services, each announced by a sender on another host."""

from __future__ import annotations

import json
import sys
import tempfile
from typing import TYPE_CHECKING, Any, Self

from benchmarks.lan import PROGRAMS
from benchmarks.processes import LANBRIDGE, LOAD, Program

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.lan.host import Host

IDLE_S = 0.5
LONGEST_S = 60.0
PER_SOURCE = 4_000  # one address may tell of 4,096


class Daemon(Program):
    """`lanbridge serve` on a host, ready; asked over loopback, where nobody counts the requests."""

    def __init__(self, keeper: Host) -> None:
        asker = Program(keeper, program("ask_daemon", "ready"), core=LOAD)
        asker.line(LONGEST_S)
        # Of its own: what an earlier one has kept would be known from the start.
        state_dir = tempfile.mkdtemp(dir=keeper.lab.directory)
        super().__init__(keeper, [LANBRIDGE, "serve", "--state-dir", state_dir], silent=True)
        self.keeper = keeper
        self.ready_s = asker.line(LONGEST_S).at_s
        asker.stop()
        self.devices: Program | None = None
        self.settle(IDLE_S, LONGEST_S)

    def hears(self, sender: Host, count: int, rate: float) -> None:
        """Let it hear so many services, until it is idle again and lists them all.

        Until its end they answer when it asks whether they are there.
        """
        self.devices = Program(sender, program("devices", source(sender), count), core=LOAD)
        self.devices.line(LONGEST_S)
        flood(sender, count, rate)
        self.settle(IDLE_S, LONGEST_S)
        whole = report(self.keeper, program("ask_daemon", "services", "_flood._tcp"))["whole"]
        if whole != count:
            raise ValueError(f"of {count} services it lists {whole}")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        if self.devices is not None:
            self.devices.stop()


def flood(sender: Host, count: int, rate: float) -> dict[str, Any]:
    """Announce so many services; returns how that went.

    From so many addresses of the sender that none tells of more than one may.
    """
    sources = [source(sender)]
    network, _, last = sources[0].rpartition(".")
    while len(sources) * PER_SOURCE < count:
        sources.append(f"{network}.{int(last) + 100 + len(sources)}")
        sender.add_address(f"{sources[-1]}/24")
    sent = report(sender, program("flood", ",".join(sources), count, rate))
    if sent["refused"]:
        raise OSError(f"the sender could not send {sent['refused']} packets")
    return sent


def source(host: Host) -> str:
    """Its IPv4 address."""
    return host.addresses()[0].partition("/")[0]


def program(name: str, *words: object) -> list[str]:
    """The command line of one of our programs."""
    return [sys.executable, "-m", f"{PROGRAMS}.{name}", *map(str, words)]


def report(host: Host, argv: Sequence[str]) -> dict[str, Any]:
    """Run a program to its end, on the core of the load; it reports in one line of JSON."""
    running = Program(host, argv, core=LOAD)
    try:
        answer: dict[str, Any] = json.loads(running.line(LONGEST_S).text)
    finally:
        running.stop()
    return answer
