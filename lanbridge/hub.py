"""Events to whoever listens: numbered, kept for a while, never waiting for a slow reader."""

import asyncio
from collections import deque
from typing import NamedTuple

from lanbridge.core.errors import LimitReached
from lanbridge.core.events import Event

KEPT = 512  # for a reader that comes back with Last-Event-ID
QUEUED = 256  # per subscriber; one that falls further behind is told to read everything anew
MAX_SUBSCRIBERS = 200


class Published(NamedTuple):
    """`event` None stands for `resync`: events were missed, read the whole state again."""

    id: str
    event: Event | None


class Subscription:
    """What one reader has not read yet."""

    def __init__(self, backlog: list[Published]) -> None:
        self._queue: deque[Published] = deque(backlog)
        self._waiting = asyncio.Event()
        self._closed = False
        if backlog:
            self._waiting.set()

    def put(self, published: Published) -> None:
        if len(self._queue) >= QUEUED:
            self._queue.clear()
            published = Published(published.id, None)
        self._queue.append(published)
        self._waiting.set()

    def close(self) -> None:
        """End the stream; what is queued is not delivered any more."""
        self._closed = True
        self._waiting.set()

    async def next(self, timeout_s: float) -> Published | None:
        """The next event, or None when nothing came for `timeout_s` seconds or the hub closed."""
        if not self._queue and not self._closed:
            self._waiting.clear()
            try:
                async with asyncio.timeout(timeout_s):
                    await self._waiting.wait()
            except TimeoutError:
                return None
        return self._queue.popleft() if self._queue and not self._closed else None


class Hub:
    """`boot_id` tells the numbers of one run of the daemon from those of another."""

    def __init__(self, boot_id: str) -> None:
        self._boot_id = boot_id
        self._serial = 0
        self._kept: deque[Published] = deque(maxlen=KEPT)
        self._subscriptions: dict[Subscription, None] = {}

    def publish(self, event: Event) -> None:
        self._serial += 1
        published = Published(f"{self._boot_id}-{self._serial}", event)
        self._kept.append(published)
        for subscription in self._subscriptions:
            subscription.put(published)

    def subscribe(self, last_id: str | None = None) -> Subscription:
        """Everything from now on; with the id of an event, everything after that event.

        An id of another run, or one too old to be kept, gives `resync` first.
        Raises LimitReached at MAX_SUBSCRIBERS.
        """
        if len(self._subscriptions) >= MAX_SUBSCRIBERS:
            raise LimitReached(
                str(MAX_SUBSCRIBERS), "so many readers follow the events already", "close one"
            )
        subscription = Subscription(self._missed(last_id) if last_id else [])
        self._subscriptions[subscription] = None
        return subscription

    def unsubscribe(self, subscription: Subscription) -> None:
        self._subscriptions.pop(subscription, None)

    def close(self) -> None:
        for subscription in self._subscriptions:
            subscription.close()

    @property
    def subscribers(self) -> int:
        return len(self._subscriptions)

    def _missed(self, last_id: str) -> list[Published]:
        resync = [Published(f"{self._boot_id}-{self._serial}", None)]
        boot_id, _, serial = last_id.rpartition("-")
        if boot_id != self._boot_id or not (serial.isascii() and serial.isdigit()):
            return resync
        behind = self._serial - int(serial[:18])
        if behind < 0 or behind > len(self._kept):
            return resync
        return list(self._kept)[len(self._kept) - behind :]
