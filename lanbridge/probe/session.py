"""A run of probes: each is sent at its time, whatever became of the earlier ones."""

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from importlib import import_module
from itertools import count
from pkgutil import iter_modules
from typing import Protocol

from lanbridge.probe import transports
from lanbridge.probe.failures import system_failure
from lanbridge.probe.results import Extra, Outcome, ProbeResult, ProbeTarget, Reply, milliseconds

Clock = Callable[[], float]  # steady, in seconds
Event = ProbeResult | Extra


class Probe(Protocol):
    """One transport towards one target; made as `Probe(target, size_bytes, clock)`.

    size_bytes: of the payload, 0 where there is none; InvalidInput is raised where one was asked
    for that cannot be carried. window: probes that may be in flight at once. url: for a person.
    silence: why it may be that nothing at all is answered, or "".
    """

    size_bytes: int
    window: int
    url: str
    silence: str

    def running(self, extra: Callable[[Extra], None]) -> AbstractAsyncContextManager[None]:
        """Around all probes; what it opened is closed at the end."""

    async def probe(self, sequence: int) -> Reply:
        """Send one and wait for its answer, or until cancelled. Raises OSError."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """count: None goes on until cancelled."""

    count: int | None
    interval_s: float
    timeout_s: float


def names() -> list[str]:
    """The transports there are: a file each."""
    return sorted(module.name for module in iter_modules(transports.__path__))


def load(name: str) -> Callable[[ProbeTarget, int | None, Clock], Probe]:
    """What makes the probe of a transport. size_bytes None: what is usual there."""
    made: Callable[[ProbeTarget, int | None, Clock], Probe]
    made = import_module(f"{transports.__name__}.{name}").Probe
    return made


async def run(
    name: str,
    probe: Probe,
    target: ProbeTarget,
    schedule: Schedule,
    now: Callable[[], datetime],
    tell: Callable[[Event], None],
) -> None:
    """Send `schedule.count` probes and tell of each when it ended, and of every extra answer.

    `tell` is called in the task that awaits this, so what it raises ends the run. A probe still in
    flight when the run is cancelled is not told of.
    """
    news: asyncio.Queue[Event | None] = asyncio.Queue()

    async def one(sequence: int) -> None:
        started_at = now()
        try:
            async with asyncio.timeout(schedule.timeout_s) as limit:
                reply = await probe.probe(sequence)
        except OSError as error:
            reply = system_failure(error)
            if limit.expired():
                reply = Reply(Outcome.TIMEOUT, detail=f"no answer in {schedule.timeout_s:g} s")
        news.put_nowait(
            ProbeResult(
                probe=name,
                target=target,
                sequence=sequence,
                outcome=reply.outcome,
                rtt_ms=milliseconds(reply.rtt_s),
                connect_ms=milliseconds(reply.connect_s),
                sent_bytes=probe.size_bytes,
                received_bytes=reply.received_bytes,
                started_at=started_at,
                detail=reply.detail,
            )
        )

    async def send_all() -> None:
        loop = asyncio.get_running_loop()
        window = asyncio.Semaphore(probe.window)
        due_s = loop.time()
        async with asyncio.TaskGroup() as flying:
            for sequence in count(1) if schedule.count is None else range(1, schedule.count + 1):
                await asyncio.sleep(due_s - loop.time())
                await window.acquire()
                task = flying.create_task(one(sequence), name=f"probe {sequence}")
                task.add_done_callback(lambda _: window.release())
                # One that is late delays the next: no burst makes up for lost time.
                due_s = max(due_s + schedule.interval_s, loop.time())
        news.put_nowait(None)

    async with probe.running(news.put_nowait), asyncio.TaskGroup() as tasks:
        tasks.create_task(send_all(), name="send probes")
        while (event := await news.get()) is not None:
            tell(event)
