"""Server-Sent Events over a real connection: an endless answer needs one."""

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx2
import pytest

from lanbridge.api.app import create_app
from lanbridge.api.routes import events
from lanbridge.hub import MAX_SUBSCRIBERS, Subscription
from tests.api.conftest import Home, Serving
from tests.core.lan import ptr, txt, whole

EVENTS = "/api/v1/events"


class Stream:
    """One reader of the stream."""

    def __init__(self, response: httpx2.Response) -> None:
        self.response = response
        self._lines: AsyncIterator[str] = response.aiter_lines()

    async def block(self) -> list[str]:
        """The lines up to the next empty one; none at the end of the stream."""
        found: list[str] = []
        async for line in self._lines:
            if not line:
                return found
            found.append(line)
        return found

    async def event(self) -> tuple[str, str, dict[str, Any]]:
        """Id, name and data of the next event."""
        lines = await self.block()
        assert [line.partition(": ")[0] for line in lines] == ["id", "event", "data"]
        id_, name, data = (line.partition(": ")[2] for line in lines)
        return id_, name, json.loads(data)


@asynccontextmanager
async def follow(port: int, last_id: str | None = None, query: str = "") -> AsyncGenerator[Stream]:
    """Read from the beginning, which is when the daemon has subscribed us."""
    headers = {} if last_id is None else {"Last-Event-ID": last_id}
    url = f"http://127.0.0.1:{port}{EVENTS}{query}"
    async with (
        httpx2.AsyncClient(trust_env=False, timeout=30) as client,
        client.stream("GET", url, headers=headers) as response,
    ):
        stream = Stream(response)
        assert await stream.block() == [": lanbridge"]
        yield stream


@pytest.fixture(name="alone")
def alone_fixture(home: Home, monkeypatch: pytest.MonkeyPatch) -> asyncio.Event:
    """Set when the last subscriber has gone."""
    hub, alone = home.daemon.hub, asyncio.Event()
    unsubscribe = hub.unsubscribe

    def noticed(subscription: Subscription) -> None:
        unsubscribe(subscription)
        if not hub.subscribers:
            alone.set()

    monkeypatch.setattr(hub, "unsubscribe", noticed)
    return alone


async def test_the_headers(serving: Serving) -> None:
    """A browser takes it for a stream, and no proxy keeps it."""
    async with serving() as port, follow(port) as stream:
        headers = stream.response.headers
        assert headers["content-type"] == "text/event-stream; charset=utf-8"
        assert headers["cache-control"] == "no-store"
        assert headers["x-accel-buffering"] == "no"


async def test_events_as_they_happen(home: Home, serving: Serving) -> None:
    """Numbered, named, with the service as it is then, for the caller."""
    async with serving() as port, follow(port) as stream:
        home.hear(*whole())
        found, resolved = await stream.event(), await stream.event()
        assert [found[1], resolved[1]] == ["service.found", "service.resolved"]
        assert resolved[2]["service"]["name"] == "lamp"
        assert resolved[2]["at"].endswith("Z")
        assert "changed" not in resolved[2]
        home.wait(5)
        home.hear(txt(rdata=b"\x03a=2"))
        id_, name, data = await stream.event()
        assert (name, data["changed"]) == ("service.updated", ["txt"])
        assert [found[0].rpartition("-")[2], id_.rpartition("-")[2]] == ["1", "3"]
        assert len({each.rpartition("-")[0] for each in (found[0], resolved[0], id_)}) == 1


async def test_hostile_text_ends_no_line(home: Home, serving: Serving) -> None:
    """A line feed in a name would begin a field of the stream."""
    async with serving() as port, follow(port) as stream:
        home.hear(ptr("a\n\nevent: evil\ndata: {}\r\x85\u2028"))
        _, name, data = await stream.event()
        assert (name, data["service"]["name"]) == (
            "service.found",
            "a\n\nevent: evil\ndata: {}\r\x85\u2028",
        )


async def test_a_reader_that_comes_back_goes_on(home: Home, serving: Serving) -> None:
    """With the id of the last event it has read."""
    async with serving() as port:
        async with follow(port) as stream:
            home.hear(ptr("a"))
            last_id, _, _ = await stream.event()
        home.hear(ptr("b"), ptr("c"))
        async with follow(port, last_id) as stream:
            names = [(await stream.event())[2]["service"]["name"] for _ in range(2)]
            assert names == ["b", "c"]
            home.hear(ptr("d"))
            assert (await stream.event())[2]["service"]["name"] == "d"


@pytest.mark.parametrize("last_id", ["other-1", "nonsense", "-", "0"])
async def test_an_id_of_another_run_gives_resync(
    home: Home, serving: Serving, last_id: str
) -> None:
    """Then the list must be read again; what comes after it is told as ever."""
    home.hear(ptr("a"))
    async with serving() as port, follow(port, last_id) as stream:
        id_, name, data = await stream.event()
        assert (name, data) == ("resync", {})
        assert id_.endswith("-1")
        home.hear(ptr("b"))
        assert (await stream.event())[0].endswith("-2")


async def test_from_judges_for_another_phone(home: Home, serving: Serving) -> None:
    """As in the list."""
    async with serving() as port, follow(port, query="?from=192.168.7.7/24") as stream:
        home.hear(*whole())
        await stream.event()
        _, _, data = await stream.event()
        assert data["service"]["reachable"] is False


async def test_silence_is_broken(
    home: Home, serving: Serving, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By a comment, so that proxies and readers know the stream is alive."""
    monkeypatch.setattr(events, "HEARTBEAT_S", 0.01)
    async with serving() as port, follow(port) as stream:
        assert await stream.block() == [": alive"]
        assert await stream.block() == [": alive"]


async def test_the_stream_ends_with_the_daemon(
    home: Home, serving: Serving, alone: asyncio.Event
) -> None:
    """And not in the middle of an event."""
    async with serving() as port, follow(port) as stream:
        home.hear(ptr("a"))
        await stream.event()
        home.daemon.stop()
        home.daemon.hub.close()
        assert await stream.block() == []
        await alone.wait()


async def test_a_reader_that_goes_away_is_forgotten(
    home: Home, serving: Serving, alone: asyncio.Event
) -> None:
    """Without an event that would fail to be written."""
    async with serving() as port:
        async with follow(port), follow(port):
            assert home.daemon.hub.subscribers == 2
        await alone.wait()


async def test_a_reader_that_left_before_the_first_line_is_forgotten(home: Home) -> None:
    """Else two hundred of them would shut out everybody for ever."""

    async def receive() -> dict[str, Any]:
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        await asyncio.Event().wait()

    scope = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": "GET",
        "path": EVENTS,
        "raw_path": EVENTS.encode(),
        "root_path": "",
        "scheme": "http",
        "query_string": b"",
        "headers": [],
        "client": ("10.0.0.9", 50_000),
        "server": ("10.0.0.1", 8620),
        "state": {},
    }
    async with asyncio.timeout(10):
        await create_app(home.daemon)(scope, receive, send)
    assert home.daemon.hub.subscribers == 0


async def test_one_reader_too_many_is_told_so(home: Home, serving: Serving) -> None:
    """A problem document in place of the stream."""
    for _ in range(MAX_SUBSCRIBERS):
        home.daemon.hub.subscribe()
    async with serving() as port, httpx2.AsyncClient(trust_env=False) as client:
        response = await client.get(f"http://127.0.0.1:{port}{EVENTS}")
    assert (response.status_code, response.json()["code"]) == (503, "limit-reached")
    assert response.headers["content-type"] == "application/problem+json"
