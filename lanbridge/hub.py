"""Events to whoever listens: numbered, kept for a while, never waiting for a slow reader."""

import asyncio
from collections import Counter, deque
from typing import NamedTuple

from lanbridge.core.errors import LimitReached
from lanbridge.core.events import Event, name_of

KEPT = 512  # for a reader that comes back with Last-Event-ID
QUEUED = 1_024  # per subscriber; one that falls further behind is told to read everything anew
MAX_SUBSCRIBERS = 200
MAX_OF_ONE_HOST = 100  # so that one host cannot have all the places


class Published(NamedTuple):
    """`event` None stands for `resync`: events were missed, read the whole state again."""

    id: str
    event: Event | None


class Subscription:
    """What one reader has not read yet. last_id: of what it has; closed: nothing comes any more."""

    def __init__(self, last_id: str, backlog: list[Published], resyncs: Counter[str]) -> None:
        self._queue: deque[Published] = deque(backlog)
        self._resyncs = resyncs
        self._waiter: asyncio.Future[None] | None = None
        self.last_id = last_id
        self.closed = False

    def put(self, published: Published) -> None:
        if self.closed:
            return
        if len(self._queue) >= QUEUED:
            self._queue.clear()
            self._resyncs["slow"] += 1
            published = Published(published.id, None)
        self._queue.append(published)
        self._wake()

    def close(self) -> None:
        """End the stream; what is queued is not delivered any more."""
        self.closed = True
        self._queue.clear()
        self._wake()

    async def next(self, timeout_s: float) -> Published | None:
        """The next event, or None when nothing came for `timeout_s` seconds or it is closed."""
        if not self._queue and not self.closed:
            # A bare future and timer: with 200 readers, asyncio.timeout costs more than the event.
            loop = asyncio.get_running_loop()
            self._waiter = loop.create_future()
            timer = loop.call_later(timeout_s, self._wake)
            try:
                await self._waiter
            finally:
                self._waiter = None
                timer.cancel()
        return self._read() if self._queue else None

    def rest(self) -> list[Published]:
        """All else that is queued now."""
        return [self._read() for _ in range(len(self._queue))]

    def _read(self) -> Published:
        published = self._queue.popleft()
        self.last_id = published.id
        return published

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)


class Hub:
    """`boot_id` tells the numbers of one run of the daemon from those of another.

    told: events so far, by name; resyncs: how often a reader had to be told so, by reason.
    """

    def __init__(self, boot_id: str) -> None:
        self.boot_id = boot_id
        self.told: Counter[str] = Counter()
        self.resyncs: Counter[str] = Counter()
        self._serial = 0
        self._kept: deque[Published] = deque(maxlen=KEPT)
        self._subscriptions: dict[Subscription, str] = {}  # with the host of each
        self._closed = False

    @property
    def last_id(self) -> str:
        """Of the latest event."""
        return f"{self.boot_id}-{self._serial}"

    def publish(self, event: Event) -> Published:
        self._serial += 1
        self.told[name_of(event)] += 1
        published = Published(self.last_id, event)
        self._kept.append(published)
        for subscription in self._subscriptions:
            subscription.put(published)
        return published

    def subscribe(self, last_id: str | None = None, host: str = "") -> Subscription:
        """Everything from now on; with the id of an event, everything after that event.

        An id of another run, or one too old to be kept, gives `resync` first.
        host: of the reader; "" is this one, which has no share, for a proxy may be there.
        Raises LimitReached at MAX_SUBSCRIBERS, and at MAX_OF_ONE_HOST.
        """
        if len(self._subscriptions) >= MAX_SUBSCRIBERS:
            raise LimitReached(
                str(MAX_SUBSCRIBERS), "so many readers follow the events already", "close one"
            )
        if host and list(self._subscriptions.values()).count(host) >= MAX_OF_ONE_HOST:
            rule = f"{host} follows the events so many times already"
            raise LimitReached(str(MAX_OF_ONE_HOST), rule, "close one")
        backlog = self._missed(last_id) if last_id else []
        subscription = Subscription(self.last_id, backlog, self.resyncs)
        self._subscriptions[subscription] = host
        if self._closed:  # its request was on the way, and its stream would keep the server waiting
            subscription.close()
        return subscription

    def unsubscribe(self, subscription: Subscription) -> None:
        self._subscriptions.pop(subscription, None)

    def close(self) -> None:
        self._closed = True
        for subscription in self._subscriptions:
            subscription.close()

    @property
    def subscribers(self) -> int:
        return len(self._subscriptions)

    def _missed(self, last_id: str) -> list[Published]:
        boot_id, _, serial = last_id.rpartition("-")
        if boot_id == self.boot_id and serial.isascii() and serial.isdigit():
            behind = self._serial - int(serial[:18])
            if 0 <= behind <= len(self._kept):
                return list(self._kept)[len(self._kept) - behind :]
        self.resyncs["unknown-id"] += 1
        return [Published(self.last_id, None)]
