"""When to look after the kernel has told of a change: at once for one, rarely for a storm. Pure."""

# One change is several messages: link, address and routes, milliseconds apart.
QUIET_S, LONGEST_QUIET_S = 0.1, 1.6
# So long at most for a quiet moment: a link that flaps for ever is followed once a minute.
PATIENCE_S, LONGEST_PATIENCE_S = 0.5, 60.0
CALM_S = 1.5  # each such time without a change takes back what one change has slowed it down
MAX_DOUBLINGS = 7


class Pace:
    """`woken` for each message, `look` before each look, `changed` after one that found something.

    `due_s` says when the next look is.
    """

    def __init__(self) -> None:
        self._doublings = 0
        self._first_s: float | None = None  # of the messages since the last look
        self._last_s = 0.0
        self._changed_s = float("-inf")

    def woken(self, now_s: float) -> None:
        if self._first_s is None:
            self._first_s = now_s
            calm_s = min(now_s - self._changed_s, CALM_S * MAX_DOUBLINGS)
            self._doublings = max(0, self._doublings - int(calm_s / CALM_S))
        self._last_s = now_s

    def look(self) -> None:
        """What comes from now on may have come too late for this look, and asks for another."""
        self._first_s = None

    def changed(self, now_s: float) -> None:
        """Only what changed something slows it down: kernels also tell of what does not."""
        self._changed_s = now_s
        self._doublings = min(self._doublings + 1, MAX_DOUBLINGS)

    @property
    def due_s(self) -> float | None:
        """None while nothing has been told since the last look."""
        if self._first_s is None:
            return None
        factor = 2.0**self._doublings
        quiet_s = min(QUIET_S * factor, LONGEST_QUIET_S)
        patience_s = min(PATIENCE_S * factor, LONGEST_PATIENCE_S)
        return min(self._last_s + quiet_s, self._first_s + patience_s)
