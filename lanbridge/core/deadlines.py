"""What has to be looked at again, and when: one heap, in which later plans make older ones void."""

import heapq
from collections.abc import Iterator
from typing import Any, Generic, Protocol, TypeVar

VOID = -1.0
_COMPACT_FROM = 1_024


class Planned(Protocol):
    """`planned_s`: when it is looked at next; VOID while there is no plan for it."""

    planned_s: float


T = TypeVar("T", bound=tuple[Any, ...])  # of which the first is Planned


class Deadlines(Generic[T]):
    """The first member of each item is the thing that is planned; times are monotonic seconds."""

    def __init__(self) -> None:
        self._heap: list[tuple[float, int, T]] = []
        self._serial = 0
        self._compact_at = _COMPACT_FROM

    def __len__(self) -> int:
        return len(self._heap)

    def plan(self, at_s: float, item: T) -> None:
        """Look at it at `at_s` at the latest; an earlier plan stays, and then plans anew."""
        thing: Planned = item[0]
        if VOID < thing.planned_s <= at_s:
            return
        thing.planned_s = at_s
        self._serial += 1
        heapq.heappush(self._heap, (at_s, self._serial, item))
        # A stranger who alternates goodbye and announcement leaves void plans behind.
        if len(self._heap) > self._compact_at:
            self._heap = [each for each in self._heap if each[2][0].planned_s == each[0]]
            heapq.heapify(self._heap)
            self._compact_at = max(_COMPACT_FROM, 2 * len(self._heap))

    def next_s(self) -> float | None:
        return self._heap[0][0] if self._heap else None

    def due(self, now_s: float) -> Iterator[T]:
        """Take out what is due; each has no plan any more."""
        while self._heap and self._heap[0][0] <= now_s:
            yield from self._take()

    def next_few(self, count: int) -> list[tuple[float, T]]:
        """Take out as many with the times they were planned for, due or not."""
        found: list[tuple[float, T]] = []
        while self._heap and len(found) < count:
            at_s = self._heap[0][0]
            found += ((at_s, item) for item in self._take())
        return found

    def _take(self) -> Iterator[T]:
        at_s, _, item = heapq.heappop(self._heap)
        if item[0].planned_s == at_s:
            item[0].planned_s = VOID
            yield item
