"""One webhook: what waits for it, and the task that posts it until it is taken."""

import asyncio
import logging
import random
from collections import deque
from collections.abc import Callable
from typing import NamedTuple

from lanbridge.config import WebhookSettings
from lanbridge.core.events import Event, ServiceEvent, name_of
from lanbridge.core.json_text import json_safe
from lanbridge.core.text import printable
from lanbridge.core.webhooks import key_of, signed, target
from lanbridge.webhooks.post import post

log = logging.getLogger(__name__)

# The attack: a flood of services while the receiver does not answer.
QUEUED = 256

# 1, 2, 4 ... 300 s, each up to a half longer, lest many sites come back at one moment.
FIRST_DELAY_S, LONGEST_DELAY_S = 1.0, 300.0
RETRIED_FOR_S = 3_600.0

# "Try again" by RFC 9110 and RFC 6585; every other 3xx and 4xx would be said again.
_LATER = (408, 425, 429)


class _Delivery(NamedTuple):
    id: str
    body: bytes
    since_s: float


class Webhook:
    """`offer` it every event; `run` posts those that its settings ask for.

    now_s: a monotonic clock; unix_s: the time. What is lost, because the queue was full or nobody
    took it within an hour, is counted, and a `resync` goes before the next delivery.
    """

    def __init__(
        self,
        settings: WebhookSettings,
        now_s: Callable[[], float],
        unix_s: Callable[[], float],
    ) -> None:
        self._target = target(settings.url)
        self._events = frozenset(settings.events)
        self._types = frozenset(settings.types)
        self._names = frozenset(settings.names)
        self._key = key_of(settings.secret.get_secret_value())
        self._now_s, self._unix_s = now_s, unix_s
        self._queue: deque[_Delivery] = deque()
        self._in_hand = 0  # the one that is being posted
        self._filled = asyncio.Event()
        self._missed: str | None = None  # the number of the latest event that was lost
        self.delivered = self.refused = self.dropped = self.retries = 0
        self.problem: str | None = None  # why the latest try failed

    @property
    def origin(self) -> str:
        """Whom it tells, without the path, in which many a receiver has its secret."""
        return self._target.origin

    @property
    def queued(self) -> int:
        """How many wait to be taken, that which is tried again and again included."""
        return len(self._queue) + self._in_hand

    def wants(self, event: Event) -> bool:
        """Whether the settings ask for it."""
        if self._events and name_of(event) not in self._events:
            return False
        if not (self._types or self._names):
            return True
        return (
            isinstance(event, ServiceEvent)
            and (not self._types or event.service.type in self._types)
            and (not self._names or event.service.name in self._names)
        )

    def offer(self, id_: str, body: bytes) -> None:
        """Post it when its turn comes; the oldest gives way if there are too many."""
        if len(self._queue) >= QUEUED:
            self._lose(self._queue.popleft())
        self._queue.append(_Delivery(id_, body, self._now_s()))
        self._filled.set()

    async def run(self) -> None:
        """Post for ever, one after the other, so that they arrive in order."""
        while True:
            while not self._queue:
                self._filled.clear()
                await self._filled.wait()
            if self._missed is None:
                delivery = self._queue.popleft()
            else:
                delivery = self._resync(self._missed)
                self._missed = None
            self._in_hand = 1
            await self._deliver(delivery)
            self._in_hand = 0

    async def _deliver(self, delivery: _Delivery) -> None:
        delay_s = FIRST_DELAY_S
        while (problem := await self._try(delivery)) is not None:
            if self.problem is None:
                log.warning("webhook %s: %s; it is tried again", self.origin, problem)
            self.problem = problem
            if self._now_s() - delivery.since_s >= RETRIED_FOR_S:
                self._lose(delivery)
                return
            self.retries += 1
            await asyncio.sleep(delay_s * random.uniform(1.0, 1.5))  # noqa: S311  # no secret
            delay_s = min(delay_s * 2, LONGEST_DELAY_S)

    async def _try(self, delivery: _Delivery) -> str | None:
        """Why it has to be tried again, or None if it was taken or refused for good."""
        headers = signed(self._key, delivery.id, int(self._unix_s()), delivery.body)
        try:
            status = await post(self._target, headers, delivery.body)
        except TimeoutError:
            return "it does not answer in time"
        except OSError as error:
            return f"it cannot be reached ({printable(error.strerror or str(error))})"
        except ValueError as error:
            return printable(str(error))
        if status >= 500 or status in _LATER:
            return f"it answers {status}"
        if 200 <= status < 300:
            if self.problem is not None:
                log.info("webhook %s: it takes events again", self.origin)
            self.problem = None
            self.delivered += 1
            return None
        if self.problem is None:
            log.warning("webhook %s: it answers %d, and gets the next event", self.origin, status)
        self.problem = f"it answers {status}"
        self.refused += 1
        return None

    def _lose(self, delivery: _Delivery) -> None:
        self.dropped += 1
        self._missed = delivery.id

    def _resync(self, id_: str) -> _Delivery:
        """Its own id: the one of the lost event may have arrived although nobody said so."""
        id_ = id_.removesuffix("-resync") + "-resync"
        body = json_safe({"id": id_, "event": "resync"})
        return _Delivery(id_, body.encode(), self._now_s())
