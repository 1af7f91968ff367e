"""Programs under measurement: started on a core of their own, their lines stamped as they come."""

from __future__ import annotations

import os
import selectors
import shlex
import signal
import subprocess
import sys
import time
from collections import deque
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tests.lan.host import Host

CORES = sorted(os.sched_getaffinity(0))
TESTED, LOAD = CORES[0], CORES[-1]
"""The core of what is measured, and that of everything else; with one core both are the same."""

LANBRIDGE = str(Path(sys.executable).with_name("lanbridge"))
_READ_BYTES = 65_536
_STOP_S = 5.0
_MDNS_PORT = 5353


class CoreTimes(NamedTuple):
    """Ticks of a core since the machine started."""

    all: int
    idle: int

    def busy_since(self, then: CoreTimes) -> float:
        """The share of the time between that it did something."""
        return 1 - (self.idle - then.idle) / (self.all - then.all)


def core_times(core: int) -> CoreTimes:
    """Read now, from the kernel."""
    lines = Path("/proc/stat").read_text().splitlines()
    fields = next(line.split() for line in lines if line.startswith(f"cpu{core} "))
    ticks = [int(field) for field in fields[1:9]]
    return CoreTimes(sum(ticks), ticks[3] + ticks[4])


class Stamped(NamedTuple):
    """A line, and when it was read from the pipe (monotonic seconds)."""

    at_s: float
    text: str


class Program:
    """A program on a host of the laboratory. `started_s`: just before the fork."""

    def __init__(
        self, host: Host, argv: Sequence[str], *, core: int = TESTED, silent: bool = False
    ) -> None:
        # As a user's shell has it: buffered, and byte code is kept from one start to the next.
        environment = {k: v for k, v in host.environment.items() if not k.startswith("PYTHON")}
        words = [*shlex.split(host.entry), "taskset", "--cpu-list", str(core), *argv]
        self.argv = list(argv)
        self.host = host
        self.started_s = time.monotonic()
        self._popen = subprocess.Popen(
            words,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL if silent else subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment,
        )
        self._whole: deque[Stamped] = deque()
        self._rest = b""

    @property
    def pid(self) -> int:
        return self._popen.pid

    def lines(self, until_s: float) -> Iterator[Stamped]:
        """Every line from now on, to the end of the output or the deadline."""
        stdout = self._popen.stdout
        assert stdout is not None
        with selectors.DefaultSelector() as selector:
            selector.register(stdout, selectors.EVENT_READ)
            while True:
                while self._whole:
                    yield self._whole.popleft()
                left_s = until_s - time.monotonic()
                if left_s <= 0 or not selector.select(left_s):
                    return
                chunk = os.read(stdout.fileno(), _READ_BYTES)
                at_s = time.monotonic()
                if not chunk:
                    return
                *whole, self._rest = (self._rest + chunk).split(b"\n")
                self._whole += (Stamped(at_s, line.decode("utf-8", "replace")) for line in whole)

    def line(self, timeout_s: float) -> Stamped:
        """Return the next line; an error if it does not come."""
        for stamped in self.lines(time.monotonic() + timeout_s):
            return stamped
        raise TimeoutError(f"{self.argv[0]} said nothing within {timeout_s:g} s")

    def terminate(self) -> None:
        """SIGTERM; what it says then can still be read."""
        self._popen.send_signal(signal.SIGTERM)

    def stop(self) -> None:
        """SIGTERM, and SIGKILL at the deadline."""
        self.terminate()
        try:
            self._popen.wait(_STOP_S)
        except subprocess.TimeoutExpired:
            self._popen.kill()
            self._popen.wait()
        if self._popen.stdout is not None:
            self._popen.stdout.close()

    # What the kernel says of it

    def cpu_s(self) -> float:
        """User and system time so far, of all its threads."""
        return cpu_s(self.pid)

    def rss_mib(self) -> float:
        return self._status_mib("VmRSS")

    def forget_peak(self) -> None:
        """`peak_mib` is of the time from now on: proc(5), clear_refs."""
        Path(f"/proc/{self.pid}/clear_refs").write_text("5")

    def peak_mib(self) -> float:
        """The most memory it had."""
        return self._status_mib("VmHWM")

    def _status_mib(self, field: str) -> float:
        for line in Path(f"/proc/{self.pid}/status").read_text().splitlines():
            if line.startswith(f"{field}:"):
                return int(line.split()[1]) / 1024
        raise ProcessLookupError(self.pid)

    def dropped(self) -> int:
        """Datagrams to port 5353 that the kernel dropped in its network namespace."""
        rows = [
            row.split()
            for family in ("udp", "udp6")
            for row in Path(f"/proc/{self.pid}/net/{family}").read_text().splitlines()[1:]
        ]
        return sum(int(row[-1]) for row in rows if int(row[1].rpartition(":")[2], 16) == _MDNS_PORT)

    def settle(self, idle_s: float, timeout_s: float) -> float:
        """Wait until it has used next to no CPU for `idle_s`; returns `cpu_s` as it was then."""
        end_s = time.monotonic() + timeout_s
        while time.monotonic() < end_s:
            before_s = self.cpu_s()
            time.sleep(idle_s)
            if self.cpu_s() - before_s <= idle_s / 25:
                return before_s
        return self.cpu_s()


def cpu_s(pid: int) -> float:
    """User and system time of a process so far, of all its threads."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
