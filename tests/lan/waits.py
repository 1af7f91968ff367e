"""Two hosts to which nothing happens for minutes, beside the other tests of a changing network."""

from __future__ import annotations

import contextlib
import signal
import time
from typing import TYPE_CHECKING

from tests.lan.program import follow
from tests.lan.scene import Scene

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.lan.lab import Lab

CABLE_S = 150.0
SLEEP_S = 180.0


class LongWaits:
    """One cable is pulled and one daemon stopped; `cable` and `sleep` wait until it is time."""

    def __init__(self, lab: Lab) -> None:
        self._cable = Scene(lab, lab.host("pi"), lab.host("lamp"))
        self._end_cable = self._begin(self._cable, "10.77.0.1", "fd77::1", lines=4)
        sleeping = lab.host("asleep", segment="far"), lab.host("clock", segment="far")
        self._sleep = Scene(lab, *sleeping)
        self._sleep.finds_lamp()
        self.events = follow(sleeping[0], "127.0.0.1")
        self._end_sleep = self._begin(self._sleep, "10.77.1.3", "fd77:0:0:1::3", lines=1)
        self._cable.pi.set_cable(plugged=False)
        self._sleep.daemon.signal(signal.SIGSTOP)
        self._begin_s = time.monotonic()

    def cable(self) -> tuple[Scene, Callable[[], None]]:
        """The scene, and what ends it when the cable is plugged in."""
        self._wait(CABLE_S)
        return self._cable, self._end_cable

    def sleep(self) -> tuple[Scene, Callable[[], None]]:
        """The scene, and what ends it when the daemon runs on."""
        self._wait(SLEEP_S)
        return self._sleep, self._end_sleep

    def _begin(self, scene: Scene, *addresses: str, lines: int) -> Callable[[], None]:
        stack = contextlib.ExitStack()
        stack.enter_context(scene.recovery(*addresses, lines=lines))
        return stack.close

    def _wait(self, seconds: float) -> None:
        time.sleep(max(0.0, self._begin_s + seconds - time.monotonic()))
