"""Notice that this host's interfaces change, or that it slept."""

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncGenerator, Callable

from lanbridge.core.addresses import NetworkState
from lanbridge.network.change import Change, compare, everything
from lanbridge.network.pace import Pace
from lanbridge.network.wakeups import Wakeups

log = logging.getLogger(__name__)

SAFETY_S = 30.0  # between two looks at the latest, also where the kernel tells of every change
BEAT_S = 2.0  # how soon a sleep is noticed of which no interface tells
# A loop that is busy, or a machine that swaps, is late too; and who was away for less has missed
# no more than what a lossy network loses.
SLEPT_S = 10.0
RETRY_S = 1.0


def suspended_s() -> float:
    """How long this host has been suspended since it started; 0.0 where nobody counts that."""
    boot = getattr(time, "CLOCK_BOOTTIME", None)
    if boot is None:
        return 0.0
    return time.clock_gettime(boot) - time.clock_gettime(time.CLOCK_MONOTONIC)


class Watch:
    """`read` takes a snapshot; it runs in a thread, for with many interfaces that takes a while.

    poll_s: seconds between two looks where the kernel does not tell of changes, and while
    `restless()`, for example because a port that we wait for may become free at any moment.
    """

    def __init__(
        self,
        read: Callable[[], NetworkState],
        poll_s: float,
        restless: Callable[[], bool] = lambda: False,
        suspended_s: Callable[[], float] = suspended_s,
    ) -> None:
        self._read = read
        self._poll_s = poll_s
        self._restless = restless
        self._suspended_s = suspended_s
        self._pace = Pace()
        self._woken = asyncio.Event()
        self._suspended_before_s = suspended_s()

    async def looks(self, known: NetworkState) -> AsyncGenerator[tuple[NetworkState, Change]]:
        """Each look at the interfaces, with what has changed since the one before.

        Where the host or this process did not run for a while, all of it has.
        """
        wakeups = self._listen()
        slept_s = 0.0
        try:
            while True:
                slept_s += await self._until_due(wakeups)
                self._pace.look()
                try:
                    state = await asyncio.to_thread(self._read)
                except OSError as error:  # no descriptor left, or an interface that went meanwhile
                    log.warning("cannot look at the interfaces (%s), trying again", error.strerror)
                    await asyncio.sleep(min(self._poll_s, RETRY_S))
                    self._wake()
                    continue
                change = compare(known, state)
                if change.matters:
                    self._pace.changed(self._now_s())
                if slept_s:
                    change += everything(state, f"this host slept for {slept_s:.0f} s")
                known, slept_s = state, 0.0
                yield state, change
        finally:
            if wakeups is not None:
                wakeups.close()

    async def _until_due(self, wakeups: Wakeups | None) -> float:
        """Wait for the next look; returns how long we did not run meanwhile, if that was long."""
        looked_s = self._now_s()
        while True:
            interval_s = self._poll_s
            if wakeups is not None and not wakeups.closed and not self._restless():
                interval_s = max(interval_s, SAFETY_S)
            due_s = looked_s + interval_s
            if (soon_s := self._pace.due_s) is not None:
                due_s = min(due_s, soon_s)
            now_s = self._now_s()
            if due_s <= now_s:
                return 0.0
            slept_s = await self._pause(min(due_s, now_s + BEAT_S))
            if slept_s >= SLEPT_S:
                return slept_s

    async def _pause(self, until_s: float) -> float:
        """Until then, or a wake-up; returns for how much longer than that we did not run."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout_at(until_s):
                await self._woken.wait()
        self._woken.clear()
        before_s, self._suspended_before_s = self._suspended_before_s, self._suspended_s()
        return max(0.0, self._now_s() - until_s) + self._suspended_before_s - before_s

    def _wake(self) -> None:
        self._pace.woken(self._now_s())
        self._woken.set()

    def _listen(self) -> Wakeups | None:
        try:
            return Wakeups(self._wake)
        except OSError as error:  # a sandbox without AF_NETLINK, or another system than Linux
            why = error.strerror or error
            log.info("looking at the interfaces every %g s: %s", self._poll_s, why)
            return None

    @staticmethod
    def _now_s() -> float:
        return asyncio.get_running_loop().time()
