"""How late the event loop is."""

import asyncio

import pytest

from lanbridge import lag
from lanbridge.lag import BOUNDS_S, LoopLag


def test_each_look_is_counted_where_it_belongs() -> None:
    """A bound is part of what is below it; a clock that went backwards is no lag."""
    one = LoopLag()
    for late_s in (-1.0, 0.0, 0.001, 0.0011, 5.0, 9.0):
        one.note(late_s)
    assert len(one.counts) == len(BOUNDS_S) + 1
    assert (one.counts[0], one.counts[1], one.counts[-2], one.counts[-1]) == (3, 1, 1, 1)
    assert one.sum_s == pytest.approx(14.0021)


async def test_it_looks_again_and_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """Until it is cancelled."""
    monkeypatch.setattr(lag, "PERIOD_S", 0.0)
    one = LoopLag()
    task = asyncio.create_task(one.run())
    while sum(one.counts) < 3:  # noqa: ASYNC110  # it counts, and tells nobody
        await asyncio.sleep(0)
    task.cancel()
