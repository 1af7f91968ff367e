"""How late the event loop is: what keeps it busy keeps everybody waiting."""

import asyncio

PERIOD_S = 5.0  # a look costs nothing, but a Pi that sleeps should not be woken for it often
BOUNDS_S = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0)


class LoopLag:
    """A histogram. counts: looks up to each of BOUNDS_S, and those beyond; sum_s: of all."""

    def __init__(self) -> None:
        self.counts = [0] * (len(BOUNDS_S) + 1)
        self.sum_s = 0.0

    def note(self, late_s: float) -> None:
        """One look, so late."""
        late_s = max(late_s, 0.0)
        self.counts[sum(late_s > bound_s for bound_s in BOUNDS_S)] += 1
        self.sum_s += late_s

    async def run(self) -> None:
        """Look, for as long as the daemon runs."""
        now_s = asyncio.get_running_loop().time
        while True:
            due_s = now_s() + PERIOD_S
            await asyncio.sleep(PERIOD_S)
            self.note(now_s() - due_s)
