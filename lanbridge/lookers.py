"""Somebody looks at what is there, and the network is asked whether it is so: now and then."""

import asyncio
from collections.abc import Callable
from typing import NamedTuple

INTERVAL_S = 15.0  # a page that polls is no new look each time
MAX_LOOKERS = 256  # addresses are made up easily


class _Last(NamedTuple):
    """The latest look of somebody, and his next one if it waits."""

    at_s: float
    again: asyncio.TimerHandle | None


class Lookers:
    """look: asks the network; called for each who looks, at once, and then once in INTERVAL_S.

    A look that comes too soon is made when it no longer does: what was found between the two would
    not be asked for before somebody looks again, and who opened the stream need not.
    """

    def __init__(self, look: Callable[[], None]) -> None:
        self._look = look
        self._last: dict[str, _Last] = {}

    def looked(self, who: str) -> None:
        """Who is the address of a caller."""
        loop = asyncio.get_running_loop()
        now_s = loop.time()
        last = self._last.get(who)
        if last is not None and now_s < last.at_s + INTERVAL_S:
            if last.again is None:
                again = loop.call_at(last.at_s + INTERVAL_S, self._look_again, who)
                self._last[who] = last._replace(again=again)
            return
        self._forget(who)
        if len(self._last) >= MAX_LOOKERS:
            self._forget(next(iter(self._last)))
        self._last[who] = _Last(now_s, None)
        self._look()

    def close(self) -> None:
        """Nobody is asked any more."""
        while self._last:
            self._forget(next(iter(self._last)))

    def _look_again(self, who: str) -> None:
        self._forget(who)  # a timer may fire a clock tick early
        self.looked(who)

    def _forget(self, who: str) -> None:
        last = self._last.pop(who, None)
        if last is not None and last.again is not None:
            last.again.cancel()
