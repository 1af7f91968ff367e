"""A webhook: what it wants, what it posts again, and what it gives up."""

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import pytest

from lanbridge.config import WebhookSettings
from lanbridge.core.events import Event, EventKind, NetworkChanged, ServiceEvent
from lanbridge.core.services import ServiceInstance
from lanbridge.webhooks import webhook as module
from lanbridge.webhooks.webhook import QUEUED, RETRIED_FOR_S, Webhook
from tests.webhooks.receiver import Receiver, receiving

BUSY = b"HTTP/1.1 503 Busy\r\n\r\n"


def service(
    kind: EventKind = EventKind.LOST, name: str = "Lamp", type_: str = "_hap._tcp"
) -> Event:
    """Something happened to a service."""
    one = ServiceInstance(id="1", name=name, type=type_, domain="local")
    return ServiceEvent(kind, one, 0.0)


class Clock:
    """It stands still, and is set."""

    now_s = 100.0

    def __call__(self) -> float:
        return self.now_s

    def jump(self) -> None:
        """Set it so far that what was tried is given up."""
        self.now_s += RETRIED_FOR_S


class Running:
    """A webhook at work, with its receiver and its clock."""

    def __init__(self, receiver: Receiver, **settings: object) -> None:
        self.receiver, self.clock = receiver, Clock()
        made = WebhookSettings.model_validate({"url": receiver.url, **settings})
        self.hook = Webhook(made, self.clock, lambda: 1_700_000_000.5)

    def offer(self, *ids: str) -> None:
        """Events whose body is their id."""
        for id_ in ids:
            self.hook.offer(id_, json.dumps({"id": id_}).encode())

    async def ids(self, count: int) -> list[str]:
        """The ids of the next requests, which body and header agree on."""
        found = []
        for _ in range(count):
            received = await self.receiver.next()
            assert json.loads(received.body)["id"] == received.headers["webhook-id"]
            found.append(received.headers["webhook-id"])
        return found


@asynccontextmanager
async def running(**settings: object) -> AsyncGenerator[Running]:
    """Until the end of the test."""
    async with receiving() as receiver, asyncio.TaskGroup() as tasks:
        one = Running(receiver, **settings)
        task = tasks.create_task(one.hook.run())
        yield one
        task.cancel()


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Trying again takes no time."""
    monkeypatch.setattr(module, "FIRST_DELAY_S", 0.0001)
    monkeypatch.setattr(module, "LONGEST_DELAY_S", 0.0001)


@pytest.mark.parametrize(
    ("settings", "event", "wanted"),
    [
        ({}, service(), True),
        ({}, NetworkChanged((), 0.0), True),
        ({"events": ["service.lost"]}, service(), True),
        ({"events": ["service.lost"]}, service(EventKind.FOUND), False),
        ({"events": ["network.changed"]}, NetworkChanged((), 0.0), True),
        ({"types": ["_hap._tcp"]}, service(), True),
        ({"types": ["_HAP._tcp."]}, service(), True),
        ({"types": ["_http._tcp"]}, service(), False),
        ({"types": ["_hap._tcp"]}, NetworkChanged((), 0.0), False),
        ({"names": ["Lamp"]}, service(), True),
        ({"names": ["Lamp"], "types": ["_http._tcp"]}, service(), False),
        ({"names": ["Oven"]}, service(), False),
    ],
)
def test_what_it_wants(settings: dict[str, list[str]], event: Event, *, wanted: bool) -> None:
    """Every filter has to be passed; none is there by default."""
    made = WebhookSettings.model_validate({"url": "http://a/", **settings})
    assert Webhook(made, Clock(), Clock()).wants(event) is wanted


async def test_events_arrive_in_order_and_signed() -> None:
    """With the id and the time of the try."""
    async with running(secret="key") as one:  # noqa: S106
        one.offer("b-1", "b-2")
        received = await one.receiver.next()
        assert received.headers["webhook-id"] == "b-1"
        assert received.headers["webhook-timestamp"] == "1700000000"
        assert received.headers["webhook-signature"].startswith("v1,")
        assert await one.ids(1) == ["b-2"]
        one.offer("b-3")
        assert await one.ids(1) == ["b-3"]


async def test_what_is_not_taken_is_tried_again_under_the_same_id() -> None:
    """The one after it waits for its turn."""
    async with running() as one:
        one.receiver.answers = [BUSY, b"HTTP/1.1 429 Slowly\r\n\r\n", b"nonsense\r\n", b""]
        one.offer("b-1", "b-2")
        assert await one.ids(6) == ["b-1"] * 5 + ["b-2"]
        assert (one.hook.retries, one.hook.refused, one.hook.dropped) == (4, 0, 0)


async def test_what_is_tried_again_still_waits() -> None:
    """A status that said 0 would say that all have arrived."""
    async with running() as one:
        one.receiver.answers = [BUSY] * 1_000
        one.offer("b-1", "b-2")
        assert await one.ids(3) == ["b-1"] * 3
        assert one.hook.queued == 2


@pytest.mark.parametrize("status", [301, 307, 400, 401, 404, 410])
async def test_what_is_refused_is_not_tried_again(status: int) -> None:
    """It would be refused again; the status says so. A redirect is followed nowhere."""
    async with running() as one:
        one.receiver.answers = [
            b"HTTP/1.1 %d No\r\nLocation: http://127.0.0.1:1/\r\n\r\n" % status,
            BUSY,
        ]
        one.offer("b-1", "b-2")
        assert await one.ids(2) == ["b-1", "b-2"]
        assert (one.hook.refused, one.hook.problem) == (1, f"it answers {status}")
        assert await one.ids(1) == ["b-2"]


async def test_the_oldest_give_way_and_it_says_so() -> None:
    """Bounded, and a `resync` goes before what comes next."""
    async with running() as one:
        one.offer(*(f"b-{number}" for number in range(QUEUED + 3)))
        assert (one.hook.queued, one.hook.dropped) == (QUEUED, 3)
        assert await one.ids(2) == ["b-2-resync", "b-3"]


async def test_after_an_hour_it_gives_one_up() -> None:
    """And goes on with the next, behind a `resync`."""
    async with running() as one:
        one.receiver.answers = [BUSY]
        one.offer("b-1")
        one.clock.now_s += RETRIED_FOR_S
        one.offer("b-2")
        assert await one.ids(3) == ["b-1", "b-1-resync", "b-2"]
        assert one.hook.dropped == 1


async def test_a_resync_that_is_lost_is_said_again() -> None:
    """Under the same id, as it is the same."""
    async with running() as one:
        one.offer(*(f"b-{number}" for number in range(QUEUED + 1)))
        one.receiver.answers = [BUSY]
        one.receiver.heard = one.clock.jump
        assert await one.ids(3) == ["b-0-resync", "b-0-resync", "b-1"]


async def test_nobody_there_is_a_problem_that_ends(caplog: pytest.LogCaptureFixture) -> None:
    """Said once in the journal, with its end, and without the path of the URL."""
    async with receiving() as receiver:
        url, port = receiver.url, receiver.port
    hook = Webhook(WebhookSettings(url=url), Clock(), Clock())
    async with asyncio.TaskGroup() as tasks:
        task = tasks.create_task(hook.run())
        hook.offer("b-1", b"{}")
        while hook.retries < 3:  # noqa: ASYNC110  # it counts, and tells nobody
            await asyncio.sleep(0.001)
        assert hook.problem is not None
        assert hook.problem.startswith("it cannot be reached (")
        receiver = Receiver()
        async with await asyncio.start_server(receiver.serve, "127.0.0.1", port):
            await receiver.next()
            hook.offer("b-2", b"{}")
            await receiver.next()
        task.cancel()
    assert hook.delivered >= 1
    (said,) = [one.getMessage() for one in caplog.records if one.levelname == "WARNING"]
    assert said.startswith(f"webhook http://127.0.0.1:{port}: it cannot be reached")
    assert "token" not in said
