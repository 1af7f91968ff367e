"""When probes are sent, what is told of them, and how a run ends."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from lanbridge.probe import session
from lanbridge.probe.results import Extra, ExtraKind, Outcome, ProbeTarget, Reply
from lanbridge.probe.session import Event, Schedule
from tests.probe.runs import NOON, outcomes

TARGET = ProbeTarget(address="192.0.2.1", port=7)
ANSWERED = Reply(Outcome.OK, 0.001)


class Scripted:
    """A transport whose probes do as they are told."""

    size_bytes = 8
    url = "test://"
    silence = ""

    def __init__(
        self, script: Callable[[int, "Scripted"], Awaitable[Reply]], window: int = 8
    ) -> None:
        self.window = window
        self.flying = 0
        self.most = 0
        self.closed = False
        self._script = script

    @asynccontextmanager
    async def running(self, extra: Callable[[Extra], None]) -> AsyncGenerator[None]:
        """Note the end."""
        self.tell_extra = extra
        try:
            yield
        finally:
            self.closed = True

    async def probe(self, sequence: int) -> Reply:
        """Follow the script."""
        self.flying += 1
        self.most = max(self.most, self.flying)
        try:
            return await self._script(sequence, self)
        finally:
            self.flying -= 1


async def run(
    probe: Scripted,
    count: int | None = 3,
    *,
    timeout_s: float = 10.0,
    tell: Callable[[Event], None] | None = None,
) -> list[Event]:
    """A whole run as quickly as it goes."""
    told: list[Event] = []
    schedule = Schedule(count=count, interval_s=0.0, timeout_s=timeout_s)
    await session.run("test", probe, TARGET, schedule, lambda: NOON, tell or told.append)
    return told


async def at_once(sequence: int, probe: Scripted) -> Reply:
    """An answer without delay."""
    return ANSWERED


async def never(sequence: int, probe: Scripted) -> Reply:
    """No answer."""
    await asyncio.Event().wait()
    return ANSWERED


def test_a_transport_is_a_file() -> None:
    """To add one is to add one."""
    assert session.names() == ["http", "tcp", "udp", "ws"]


async def test_a_result_holds_all_of_a_probe() -> None:
    """Times in milliseconds, and the target."""

    async def script(sequence: int, probe: Scripted) -> Reply:
        return Reply(Outcome.OK, 0.0012345, 0.002, 5, "fine")

    (result,) = await run(Scripted(script), 1)
    assert not isinstance(result, Extra)
    assert (result.probe, result.target, result.started_at) == ("test", TARGET, NOON)
    assert (result.rtt_ms, result.connect_ms) == (1.234, 2.0)
    assert (result.sent_bytes, result.received_bytes, result.detail) == (8, 5, "fine")


async def test_it_ends_after_count_probes_and_closes_the_transport() -> None:
    """Numbers begin at 1, as in ping(8)."""
    probe = Scripted(at_once)
    assert outcomes(await run(probe, 3)) == [(1, "ok"), (2, "ok"), (3, "ok")]
    assert probe.closed


async def test_a_probe_does_not_wait_for_the_one_before() -> None:
    """The first is answered after the third was sent."""
    third = asyncio.Event()

    async def script(sequence: int, probe: Scripted) -> Reply:
        if sequence == 3:
            third.set()
        await third.wait()
        return ANSWERED

    probe = Scripted(script)
    assert len(await run(probe, 3)) == 3
    assert probe.most == 3


async def test_no_more_are_in_flight_than_the_window_allows() -> None:
    """So that a dead host costs a bounded number of sockets."""

    async def script(sequence: int, probe: Scripted) -> Reply:
        for _ in range(5):
            await asyncio.sleep(0)
        return ANSWERED

    probe = Scripted(script, window=2)
    assert len(await run(probe, 10)) == 10
    assert probe.most == 2


async def test_a_probe_without_an_answer_times_out() -> None:
    """And the transport's probe is cancelled."""
    probe = Scripted(never)
    (result,) = await run(probe, 1, timeout_s=0.01)
    assert not isinstance(result, Extra)
    assert (result.outcome, result.detail) == (Outcome.TIMEOUT, "no answer in 0.01 s")
    assert probe.flying == 0


async def test_a_failure_of_the_system_is_a_value() -> None:
    """The run goes on."""

    async def script(sequence: int, probe: Scripted) -> Reply:
        if sequence == 1:
            raise ConnectionRefusedError
        if sequence == 2:
            raise TimeoutError
        return ANSWERED

    told = await run(Scripted(script), 3)
    assert sorted(outcomes(told)) == [(1, "refused"), (2, "timeout"), (3, "ok")]


async def test_extra_answers_are_told_in_their_place() -> None:
    """Among the probes, as they come."""

    async def script(sequence: int, probe: Scripted) -> Reply:
        probe.tell_extra(
            Extra(outcome=ExtraKind.STRAY, sequence=None, rtt_ms=None, received_bytes=sequence)
        )
        return ANSWERED

    assert outcomes(await run(Scripted(script), 1)) == [(None, "stray"), (1, "ok")]


async def test_without_a_count_it_goes_on_until_cancelled() -> None:
    """And then closes the transport."""
    probe, enough = Scripted(at_once), asyncio.Event()

    def tell(event: Event) -> None:
        if event.sequence == 50:
            enough.set()

    running = asyncio.create_task(run(probe, None, tell=tell))
    await enough.wait()
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert probe.closed


async def test_what_the_listener_raises_ends_the_run() -> None:
    """A reader that goes away, above all."""

    def tell(event: Event) -> None:
        raise BrokenPipeError

    probe = Scripted(at_once)
    with pytest.raises(ExceptionGroup) as error:
        await run(probe, None, tell=tell)
    assert error.group_contains(BrokenPipeError)
    assert probe.closed
