"""Lists that did not change are answered before the framework, and only those."""

import pytest
from starlette.testclient import TestClient

from lanbridge.api import cache
from lanbridge.api.app import create_app
from lanbridge.api.cache import Lists
from lanbridge.api.front import Message, Receive, Scope, Send
from lanbridge.core.addresses import NetworkState
from tests.api.conftest import CALLER, Home
from tests.core.lan import ptr, txt, whole

SERVICES = "/api/v1/services"


class Counted:
    """The framework, and what it was asked."""

    def __init__(self, home: Home) -> None:
        self._app = create_app(home.daemon)
        self.asked: list[str] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Count, and pass on."""
        self.asked.append(scope["path"])
        await self._app(scope, receive, send)

    def take(self) -> int:
        """How often it was asked since the last time."""
        count = len(self.asked)
        self.asked.clear()
        return count


@pytest.fixture
def app(home: Home) -> Counted:
    """Behind the cache."""
    return Counted(home)


@pytest.fixture
def lists(app: Counted, home: Home) -> Lists:
    """The cache."""
    return Lists(app, home.daemon)


@pytest.fixture(name="client")
def client_fixture(lists: Lists) -> TestClient:
    """A phone in our subnet."""
    return at(lists, CALLER)


def at(lists: Lists, address: str) -> TestClient:
    """Who asks from there."""

    async def served(scope: Scope, receive: Receive, send: Send) -> None:
        await lists(scope, receive, send)

    return TestClient(served, client=(address, 50_000))


@pytest.mark.parametrize("path", sorted(cache.PATHS))
def test_a_list_is_made_once(client: TestClient, home: Home, app: Counted, path: str) -> None:
    """The same bytes, with an ETag, to be asked for again each time."""
    home.hear(*whole())
    first, second = client.get(path), client.get(path)
    assert app.take() == 1
    assert first.content == second.content
    assert first.headers == second.headers
    assert first.headers["cache-control"] == "no-cache"
    assert first.headers["etag"].startswith('W/"')


def test_a_change_makes_it_anew(client: TestClient, home: Home, app: Counted) -> None:
    """What came, what changed, what is there now."""
    seen = [client.get(SERVICES).json()["items"]]
    for records in ([*whole()], [txt(rdata=b"\x03a=2")], [ptr("other")]):
        home.wait(2)
        home.hear(*records)
        seen.append(client.get(SERVICES).json()["items"])
        assert seen[-1] != seen[-2]
    assert app.take() == 4


def test_what_is_heard_again_makes_nothing_anew(
    client: TestClient, home: Home, app: Counted
) -> None:
    """A device that repeats itself is no news."""
    home.hear(*whole())
    client.get(SERVICES)
    home.wait(1)
    home.hear(*whole())
    client.get(SERVICES)
    assert app.take() == 1


def test_last_seen_alone_counts_once_a_minute(
    client: TestClient, home: Home, app: Counted, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else each packet would cost every dashboard the whole list."""
    now_s = 0.0
    monkeypatch.setattr(home.daemon, "uptime_s", lambda: now_s)
    home.hear(*whole())
    before = client.get(SERVICES).json()["items"][0]["last_seen"]
    for now_s, made in ((59.9, 0), (60.0, 1), (61.0, 0)):
        home.wait(1)
        home.hear(*whole()[:2])
        response = client.get(SERVICES)
        assert app.take() == made or now_s < 60
    assert response.json()["items"][0]["last_seen"] > before


def test_the_network_counts_too(client: TestClient, home: Home) -> None:
    """Who is reachable depends on it."""
    home.hear(*whole())
    first = client.get(SERVICES)
    home.daemon.discovery.state = NetworkState(())
    second = client.get(SERVICES)
    relations = [one.json()["items"][0]["addresses"][0]["relation"] for one in (first, second)]
    assert relations == ["same-subnet", "other-subnet"]


def test_who_has_it_is_told_so(client: TestClient, home: Home, app: Counted) -> None:
    """304 without a body, by RFC 9110 §13.1.2: also among others, and without its W/."""
    home.hear(*whole())
    etag = client.get(SERVICES).headers["etag"]
    app.take()
    for value in (etag, f'"other", {etag}', etag.removeprefix("W/")):
        response = client.get(SERVICES, headers={"If-None-Match": value})
        assert (response.status_code, response.content) == (304, b"")
        assert response.headers["etag"] == etag
        assert response.headers["cache-control"] == "no-cache"
    assert app.take() == 0
    home.hear(ptr("other"))
    response = client.get(SERVICES, headers={"If-None-Match": etag})
    assert (response.status_code, response.headers["etag"] != etag) == (200, True)


def test_each_caller_and_query_has_a_list_of_its_own(
    client: TestClient, home: Home, lists: Lists, app: Counted
) -> None:
    """A validator of the one is none of the other."""
    home.hear(*whole())
    mine = client.get(SERVICES)
    other = at(lists, "10.0.0.7").get(SERVICES)  # the lamp itself
    assert mine.json()["items"][0]["reachable"] is True
    assert other.json()["items"][0]["reachable"] is False
    filtered = client.get(f"{SERVICES}?name=x")
    assert filtered.json()["items"] == []
    assert len({one.headers["etag"] for one in (mine, other, filtered)}) == 3
    assert app.take() == 3
    response = at(lists, "10.0.0.7").get(SERVICES, headers={"If-None-Match": mine.headers["etag"]})
    assert response.status_code == 200


def test_what_is_no_list_is_passed_on(client: TestClient, home: Home, app: Counted) -> None:
    """One service, what is wrong, and every other method, each time."""
    home.hear(*whole())
    id_ = client.get(SERVICES).json()["items"][0]["id"]
    app.take()
    for path, status in (
        (f"{SERVICES}/{id_}", 200),
        ("/api/v1/status", 200),
        (f"{SERVICES}?state=gone", 422),
    ):
        for _ in range(2):
            response = client.get(path)
            assert response.status_code == status
            assert "etag" not in response.headers
    for _ in range(2):
        assert client.post(SERVICES).status_code == 405
    assert app.take() == 8


def test_a_write_makes_every_list_anew(client: TestClient, app: Counted) -> None:
    """What people say of a device is not in the registry."""
    etag = client.get(SERVICES).headers["etag"]
    client.put("/api/v1/devices/x", json={})
    assert client.get(SERVICES, headers={"If-None-Match": etag}).status_code == 200
    assert app.take() == 3


def test_memory_is_bounded(
    client: TestClient, home: Home, lists: Lists, app: Counted, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Queries are made up without end; the oldest give way."""
    home.hear(*whole())
    monkeypatch.setattr(cache, "MAX_ENTRIES", 3)
    for number in range(5):
        client.get(f"{SERVICES}?name={number}")
    assert [query for _, query, _ in lists._held] == [b"name=2", b"name=3", b"name=4"]
    monkeypatch.setattr(cache, "MAX_BYTES", 5_000)
    monkeypatch.setattr(cache, "MAX_ENTRIES", 30)
    for number in range(9):
        client.get(f"{SERVICES}?name=lamp&limit={number + 1}")
    assert lists._held_bytes == sum(len(body) for _, body in lists._held.values())
    assert 0 < lists._held_bytes <= 5_000
    monkeypatch.setattr(cache, "MAX_BYTES", 10)
    client.get(f"{SERVICES}?name=lamp&limit=99")
    assert (lists._held, lists._held_bytes) == ({}, 0)


def test_an_answer_from_the_cache_is_a_look_too(
    client: TestClient, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody is watching: the daemon asks those that it has not heard for a while."""
    looks: list[str] = []
    monkeypatch.setattr(home.daemon.lookers, "looked", looks.append)
    etag = client.get(SERVICES).headers["etag"]
    client.get(SERVICES)
    client.get(SERVICES, headers={"If-None-Match": etag})
    assert looks == [CALLER] * 3


async def test_who_sends_it_on_may_add_headers(home: Home) -> None:
    """And the next answer has them once, not twice."""
    lists = Lists(create_app(home.daemon), home.daemon)
    heads: list[int] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": b""}

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start":
            message["headers"].append((b"x-frame-options", b"DENY"))
            heads.append(len(message["headers"]))

    for _ in range(3):
        await lists(
            {
                "type": "http",
                "method": "GET",
                "path": SERVICES,
                "query_string": b"",
                "headers": [],
                "client": ("10.0.0.9", 1),
                "root_path": "",
            },
            receive,
            send,
        )
    assert len(set(heads)) == 1
