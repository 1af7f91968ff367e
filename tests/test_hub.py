"""Events to many readers: numbered, replayed, and nobody waits for the slow."""

import asyncio

import pytest

from lanbridge.core.errors import LimitReached
from lanbridge.core.events import NetworkChanged
from lanbridge.hub import KEPT, MAX_OF_ONE_HOST, MAX_SUBSCRIBERS, QUEUED, Hub, Subscription

LONG_S = 30.0  # never waited out


def publish(hub: Hub, count: int = 1) -> None:
    """Events that say their number."""
    for number in range(count):
        hub.publish(NetworkChanged((str(number),), 0.0))


async def read(subscription: Subscription, count: int) -> list[str]:
    """The next so many, as "id" or "id resync"."""
    found = []
    for _ in range(count):
        published = await subscription.next(LONG_S)
        assert published is not None
        found.append(published.id if published.event else f"{published.id} resync")
    return found


async def is_empty(subscription: Subscription) -> bool:
    """Whether there is nothing to read now."""
    return await subscription.next(0.0) is None


async def test_every_reader_gets_every_event_in_order() -> None:
    """Numbered from 1, with the id of this run before the number."""
    hub = Hub("boot")
    one, other = hub.subscribe(), hub.subscribe()
    publish(hub, 3)
    assert await read(one, 3) == await read(other, 3) == ["boot-1", "boot-2", "boot-3"]
    assert await is_empty(one)


async def test_a_reader_gets_what_comes_after_it_came() -> None:
    """What was before it has read from the list."""
    hub = Hub("boot")
    publish(hub, 2)
    subscription = hub.subscribe()
    publish(hub)
    assert await read(subscription, 1) == ["boot-3"]


async def test_a_reader_that_waits_is_woken() -> None:
    """By the event, not by its timeout."""
    hub = Hub("boot")
    subscription = hub.subscribe()
    waiting = asyncio.ensure_future(read(subscription, 1))
    await asyncio.sleep(0)
    publish(hub)
    assert await waiting == ["boot-1"]


class TestReplay:
    """`Last-Event-ID`."""

    @pytest.mark.parametrize(
        ("last_id", "expected"),
        [
            ("boot-1", ["boot-2", "boot-3"]),
            ("boot-0", ["boot-1", "boot-2", "boot-3"]),
            ("boot-3", []),
            ("boot-4", ["boot-3 resync"]),
            ("other-1", ["boot-3 resync"]),
            ("boot-", ["boot-3 resync"]),
            ("boot", ["boot-3 resync"]),
            ("-1", ["boot-3 resync"]),
            ("boot--1", ["boot-3 resync"]),
            ("boot-٣", ["boot-3 resync"]),
            ("boot-" + "9" * 5_000, ["boot-3 resync"]),
            ("\x00", ["boot-3 resync"]),
        ],
        ids=lambda value: repr(value)[:20] if isinstance(value, str) else None,
    )
    async def test_of_three_events(self, last_id: str, expected: list[str]) -> None:
        """All after that one; an id of another run, or one that never was, gives `resync`."""
        hub = Hub("boot")
        publish(hub, 3)
        subscription = hub.subscribe(last_id)
        assert await read(subscription, len(expected)) == expected
        assert await is_empty(subscription)

    async def test_the_replay_is_followed_by_what_comes(self) -> None:
        """Without a gap and without a repeat."""
        hub = Hub("boot")
        publish(hub, 3)
        subscription = hub.subscribe("boot-2")
        publish(hub)
        assert await read(subscription, 2) == ["boot-3", "boot-4"]

    @pytest.mark.parametrize(("last", "replayed"), [(10, KEPT), (9, None)])
    async def test_only_the_last_are_kept(self, last: int, replayed: int | None) -> None:
        """An id older than what is kept gives `resync`, and not half of what was missed."""
        hub = Hub("boot")
        publish(hub, KEPT + 10)
        subscription = hub.subscribe(f"boot-{last}")
        if replayed is None:
            assert await read(subscription, 1) == [f"boot-{KEPT + 10} resync"]
        else:
            assert (await read(subscription, replayed))[0] == f"boot-{last + 1}"
        assert await is_empty(subscription)


async def test_a_slow_reader_is_told_to_read_anew_and_holds_up_nobody() -> None:
    """Its queue is bounded: the event too much empties it, and the quick reader has them all."""
    hub = Hub("boot")
    slow, quick = hub.subscribe(), hub.subscribe()
    seen = []
    for _ in range(QUEUED + 5):
        publish(hub)
        seen += await read(quick, 1)
    assert seen == [f"boot-{number}" for number in range(1, QUEUED + 6)]
    expected = [f"boot-{QUEUED + 1} resync", *(f"boot-{QUEUED + more}" for more in range(2, 6))]
    assert await read(slow, 5) == expected
    assert await is_empty(slow)


async def test_a_reader_takes_all_that_is_queued_and_knows_how_far_it_is() -> None:
    """So that many events of one moment are written at once."""
    hub = Hub("boot")
    publish(hub, 2)
    subscription = hub.subscribe("boot-1")
    publish(hub, 2)
    await read(subscription, 1)
    assert subscription.last_id == "boot-2"
    assert [published.id for published in subscription.rest()] == ["boot-3", "boot-4"]
    assert (subscription.last_id, hub.last_id) == ("boot-4", "boot-4")
    assert subscription.rest() == []


async def test_events_and_resyncs_are_counted() -> None:
    """By name, and by reason."""
    hub = Hub("boot")
    hub.subscribe()
    publish(hub, QUEUED + 1)
    hub.subscribe("other-1")
    assert hub.told == {"network.changed": QUEUED + 1}
    assert hub.resyncs == {"slow": 1, "unknown-id": 1}


async def test_the_readers_are_counted_and_bounded() -> None:
    """One more than there may be is refused, until one leaves."""
    hub = Hub("boot")
    readers = [hub.subscribe() for _ in range(MAX_SUBSCRIBERS)]
    assert hub.subscribers == MAX_SUBSCRIBERS == 200
    with pytest.raises(LimitReached, match="so many readers follow the events already; close one"):
        hub.subscribe()
    for _ in range(2):
        hub.unsubscribe(readers[0])  # twice is as good as once
    hub.subscribe()
    publish(hub)
    assert await is_empty(readers[0])


async def test_one_host_does_not_have_all_the_places() -> None:
    """The attack: follow the events two hundred times, and nobody else can."""
    hub = Hub("boot")
    readers = [hub.subscribe(host="10.0.0.9") for _ in range(MAX_OF_ONE_HOST)]
    with pytest.raises(LimitReached, match=r"10\.0\.0\.9 follows the events so many times"):
        hub.subscribe(host="10.0.0.9")
    hub.subscribe(host="10.0.0.8")
    hub.unsubscribe(readers[0])
    hub.subscribe(host="10.0.0.9")
    for _ in range(MAX_SUBSCRIBERS - hub.subscribers):
        hub.subscribe()  # from this host itself, where a proxy stands for many


async def test_close_ends_whoever_waits() -> None:
    """At once, and what is queued is not delivered any more."""
    hub = Hub("boot")
    waiting, behind = hub.subscribe(), hub.subscribe("other-1")
    ended = asyncio.ensure_future(waiting.next(LONG_S))
    await asyncio.sleep(0)
    hub.close()
    assert await ended is None
    assert await behind.next(LONG_S) is None
    publish(hub)
    assert await waiting.next(LONG_S) is None


async def test_who_comes_after_the_close_is_ended_at_once() -> None:
    """His request was on the way: an open stream would keep the server from stopping."""
    hub = Hub("boot")
    publish(hub)
    hub.close()
    late = hub.subscribe("boot-0")
    assert late.closed
    assert await late.next(LONG_S) is None


async def test_nothing_for_a_while_is_none() -> None:
    """The stream then sends a sign of life, and goes on."""
    hub = Hub("boot")
    subscription = hub.subscribe()
    assert await subscription.next(0.001) is None
    publish(hub)
    assert await read(subscription, 1) == ["boot-1"]
