"""Events over a real connection, SSE and WebSocket: an endless answer needs one."""

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from ipaddress import ip_interface
from typing import Any

import httpx2
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from lanbridge.api import streams
from lanbridge.api.app import create_app
from lanbridge.core.events import NAMES
from lanbridge.hub import MAX_SUBSCRIBERS, QUEUED, Subscription
from lanbridge.wechat.lan import Phone
from tests.api.conftest import Home, Serving
from tests.core.lan import ptr, txt, whole

EVENTS = "/api/v1/events"
STREAM = "/api/v1/stream"


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

    async def event(self) -> tuple[Any, str, dict[str, Any]]:
        """Id, name and data of the next event."""
        lines = await self.block()
        fields = dict(line.split(": ", 1) for line in lines)
        assert len(fields) == len(lines)
        data = json.loads(fields["data"])
        assert (fields.get("id"), fields["event"]) == (data["id"], data["event"])
        return data["id"], data["event"], data

    async def names(self, count: int) -> list[str]:
        """The names of the next so many events."""
        return [(await self.event())[1] for _ in range(count)]


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
        assert (name, data) == ("resync", {"id": id_, "event": "resync"})
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
    monkeypatch.setattr(streams, "HEARTBEAT_S", 0.01)
    async with serving() as port, follow(port) as stream:
        for _ in range(2):
            comment, id_ = await stream.block()
            assert (comment, id_) == (": alive", f"id: {home.daemon.hub.last_id}")


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


class TestFilter:
    """As the list has it, and by the name of the event."""

    async def test_by_service(self, home: Home, serving: Serving) -> None:
        """What is told of no service is left out then."""
        async with serving() as port, follow(port, query="?name=b&type=_http._tcp") as stream:
            home.hear(ptr("a"), ptr("b"), ptr("b", "_ipp._tcp.local"))
            _, _, data = await stream.event()
            assert (data["service"]["name"], data["service"]["type"]) == ("b", "_http._tcp")
            home.hear(ptr("bb"))
            assert (await stream.event())[2]["service"]["name"] == "bb"

    async def test_by_event(self, home: Home, serving: Serving) -> None:
        """One name, or several."""
        query = "?event=service.lost&event=service.resolved"
        async with serving() as port, follow(port, query=query) as stream:
            home.hear(*whole())
            home.hear(ptr(ttl_s=0))
            home.wait(2)
            assert await stream.names(2) == ["service.resolved", "service.lost"]

    async def test_the_number_goes_on(
        self, home: Home, serving: Serving, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The sign of life says it: what was left out need not be replayed."""
        monkeypatch.setattr(streams, "HEARTBEAT_S", 0.01)
        async with serving() as port, follow(port, query="?name=b") as stream:
            home.hear(ptr("a"))
            while (await stream.block())[1] != f"id: {home.daemon.hub.last_id}":
                pass
            assert home.daemon.hub.last_id.endswith("-1")

    async def test_what_is_left_out_is_no_sign_of_life(
        self, home: Home, serving: Serving, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """On a network where something happens all the time, but nothing that is asked for."""
        monkeypatch.setattr(streams, "HEARTBEAT_S", 0.1)

        async def happen() -> None:
            for number in range(2_000):
                home.hear(ptr(f"a {number}"))
                await asyncio.sleep(0.005)

        async with serving() as port, follow(port, query="?name=b") as stream:
            happening = asyncio.create_task(happen())
            assert (await stream.block())[0] == ": alive"
            assert not happening.done()
            happening.cancel()

    @pytest.mark.parametrize("query", ["event=service.gone", "type=http", "from=moon", "state=x"])
    async def test_nonsense_is_refused(self, serving: Serving, query: str) -> None:
        """Before a stream begins, over both ways, and no reader is left behind."""
        async with serving() as port, httpx2.AsyncClient(trust_env=False) as client:
            response = await client.get(f"http://127.0.0.1:{port}{EVENTS}?{query}")
            assert response.status_code == 422
            with pytest.raises(InvalidStatus) as refused:
                await connect(f"ws://127.0.0.1:{port}{STREAM}?{query}")
            assert refused.value.response.status_code in (403, 422)


class TestSnapshot:
    """`snapshot=true`: the state and its changes from one stream."""

    @pytest.mark.parametrize(
        "count", [0, 1, streams.SNAPSHOT_ITEMS, 2 * streams.SNAPSHOT_ITEMS + 1]
    )
    async def test_the_state_comes_first(self, home: Home, serving: Serving, count: int) -> None:
        """In messages of a bounded size, of which only the last one has the number."""
        home.hear(*(ptr(f"a {number}") for number in range(count)))
        async with serving() as port, follow(port, query="?snapshot=true") as stream:
            assert (await stream.event())[:2] == (None, "resync")
            found: list[str] = []
            while True:
                id_, name, data = await stream.event()
                assert name == "snapshot"
                assert len(data["items"]) <= streams.SNAPSHOT_ITEMS
                assert (id_ is None) is data["more"]
                found += [each["name"] for each in data["items"]]
                if not data["more"]:
                    break
            assert id_ == home.daemon.hub.last_id
            assert found == [f"a {number}" for number in range(count)]
            home.hear(ptr("b"))
            assert (await stream.event())[2]["service"]["name"] == "b"

    async def test_it_is_filtered(self, home: Home, serving: Serving) -> None:
        """As the events after it."""
        home.hear(ptr("a"), ptr("b"))
        async with serving() as port, follow(port, query="?snapshot=true&name=b") as stream:
            await stream.event()
            assert [each["name"] for each in (await stream.event())[2]["items"]] == ["b"]

    async def test_a_reader_that_comes_back_needs_none(self, home: Home, serving: Serving) -> None:
        """As long as what it has missed is kept; else it gets one, from this run."""
        home.hear(ptr("a"))
        last_id = home.daemon.hub.last_id
        home.hear(ptr("b"))
        async with serving() as port:
            async with follow(port, last_id, "?snapshot=true") as stream:
                assert await stream.names(1) == ["service.found"]
            async with follow(port, "other-1", "?snapshot=true") as stream:
                assert await stream.names(2) == ["resync", "snapshot"]

    async def test_a_slow_reader_gets_it_again(self, home: Home, serving: Serving) -> None:
        """With what it had not read within it, and not after it."""
        async with serving() as port, follow(port, query="?snapshot=true") as stream:
            assert await stream.names(2) == ["resync", "snapshot"]
            home.hear(*(ptr(f"a {number}") for number in range(QUEUED + 10)))
            id_, name, _ = await stream.event()
            assert (id_, name) == (None, "resync")
            found = 0
            while id_ is None:
                id_, name, data = await stream.event()
                found += len(data["items"])
            assert found == QUEUED + 10
            home.hear(ptr("b"))
            assert (await stream.event())[2]["service"]["name"] == "b"


async def test_an_event_is_encoded_once_for_all_who_see_the_same(home: Home) -> None:
    """And anew for another phone; of the old ones none is kept for ever."""
    encoder = streams.Encoder(home.daemon)
    home.hear(ptr("a"))
    event = home.events[0]
    phone = Phone(ip_interface("10.0.0.9/24"))
    assert encoder.told("x-1", event, phone) is encoder.told("x-1", event, phone)
    assert encoder.told("x-1", event, phone) is not encoder.told("x-1", event, None)
    for number in range(streams.MAX_ENCODED + 5):
        encoder.told(f"y-{number}", event, None)
    assert len(encoder._made) == streams.MAX_ENCODED


@asynccontextmanager
async def listen(port: int, query: str = "") -> AsyncGenerator[ClientConnection]:
    """A reader over WebSocket."""
    async with connect(f"ws://127.0.0.1:{port}{STREAM}{query}", proxy=None) as websocket:
        yield websocket


class TestWebSocket:
    """`WS /api/v1/stream`."""

    async def test_the_same_events(self, home: Home, serving: Serving) -> None:
        """An object a message, as the data of SSE."""
        async with serving() as port, listen(port) as websocket, follow(port) as stream:
            home.hear(*whole())
            for _ in range(2):
                assert json.loads(await websocket.recv()) == (await stream.event())[2]

    async def test_what_the_reader_says_is_ignored(self, home: Home, serving: Serving) -> None:
        """A heartbeat of its own, for example."""
        async with serving() as port, listen(port) as websocket:
            await websocket.send("ping")
            await websocket.send(b"ping")
            home.hear(ptr("a"))
            assert json.loads(await websocket.recv())["event"] == "service.found"

    async def test_a_reader_that_comes_back_goes_on(self, home: Home, serving: Serving) -> None:
        """With the id in the query."""
        home.hear(ptr("a"), ptr("b"))
        first = home.daemon.hub.last_id.replace("-2", "-1")
        async with serving() as port:
            async with listen(port, f"?last_event_id={first}") as websocket:
                assert json.loads(await websocket.recv())["service"]["name"] == "b"
            async with listen(port, "?last_event_id=other-1&snapshot=true") as websocket:
                names = [json.loads(await websocket.recv())["event"] for _ in range(2)]
                assert names == ["resync", "snapshot"]

    async def test_an_empty_id_is_none(self, home: Home, serving: Serving) -> None:
        """A client that writes the query the same way the first time gets its snapshot."""
        home.hear(ptr("a"))
        async with serving() as port, listen(port, "?snapshot=true&last_event_id=") as websocket:
            names = [json.loads(await websocket.recv())["event"] for _ in range(2)]
            assert names == ["resync", "snapshot"]

    async def test_silence_is_broken(
        self, home: Home, serving: Serving, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """By a message: a mini-program sees no ping of the protocol."""
        monkeypatch.setattr(streams, "HEARTBEAT_S", 0.01)
        async with serving() as port, listen(port) as websocket:
            alive = {"id": home.daemon.hub.last_id, "event": "alive"}
            assert json.loads(await websocket.recv()) == alive
            assert "alive" not in NAMES

    async def test_it_ends_with_the_daemon(
        self, home: Home, serving: Serving, alone: asyncio.Event
    ) -> None:
        """With the code that says so."""
        async with serving() as port, listen(port) as websocket:
            home.daemon.stop()
            home.daemon.hub.close()
            with pytest.raises(ConnectionClosed) as closed:
                await websocket.recv()
            assert closed.value.rcvd is not None
            assert closed.value.rcvd.code == 1001
            await alone.wait()

    async def test_a_reader_that_goes_away_is_forgotten(
        self, home: Home, serving: Serving, alone: asyncio.Event
    ) -> None:
        """Without an event that would fail to be written."""
        async with serving() as port:
            async with listen(port), listen(port):
                assert home.daemon.hub.subscribers == 2
            await alone.wait()

    async def test_one_reader_too_many_is_told_so(self, home: Home, serving: Serving) -> None:
        """In place of the handshake."""
        for _ in range(MAX_SUBSCRIBERS):
            home.daemon.hub.subscribe()
        async with serving() as port:
            with pytest.raises(InvalidStatus) as refused:
                await connect(f"ws://127.0.0.1:{port}{STREAM}", proxy=None)
        assert refused.value.response.status_code == 503
        body = refused.value.response.body
        assert body is not None
        assert json.loads(body)["code"] == "limit-reached"
