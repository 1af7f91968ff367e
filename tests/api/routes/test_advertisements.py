"""Advertisements over HTTP: what there is, what is added, what is taken back."""

from typing import Any

import pytest
from starlette.testclient import TestClient

from lanbridge import __version__
from lanbridge.advertisements import MAX_ADDED
from tests.api.conftest import Home

PATH = "/api/v1/advertisements"
LAMP = {"name": "Lamp <客厅>", "type": "_http._tcp", "port": 8080, "txt": {"path": "/", "on": True}}
Token = dict[str, str]


def test_what_is_advertised(client: TestClient, home: Home) -> None:
    """Itself first, then the tables of the settings, with the state of each."""
    own, hardware = client.get(PATH).json()["items"]
    assert (own["name"], own["type"], own["port"]) == ("bridge", "_lanbridge._tcp", 8620)
    assert own["txt"] == {
        "txtvers": "1",
        "version": __version__,
        "id": home.daemon.id,
        "path": "/",
    }
    assert (own["source"], own["state"], own["addresses"]) == ("own", "probing", None)
    assert hardware == {
        "id": hardware["id"],
        "source": "settings",
        "name": "Old lamp",
        "type": "_http._tcp",
        "subtypes": ["_printer"],
        "host": "old-lamp.local",
        "port": 80,
        "addresses": ["10.0.0.50"],
        "txt": {"txtvers": "1", "path": "/on", "secure": None},
        "state": "probing",
    }
    assert client.get(f"{PATH}/{hardware['id']}").json() == hardware


def test_the_states_of_an_advertisement(client: TestClient, home: Home) -> None:
    """Ours when nobody objected; failed when every name was taken, which is waited for too."""
    home.connect()
    own, hardware = home.daemon.discovery.publisher.published.values()
    own.established.set()
    hardware.failed = True
    items = client.get(PATH).json()["items"]
    assert [one["state"] for one in items] == ["advertised", "failed"]
    ready = client.get("/readyz")
    assert (ready.status_code, ready.json()["waiting_for"]) == (
        503,
        ["Old lamp found no free name to advertise under"],
    )


def test_a_name_that_gave_way_is_shown(client: TestClient, home: Home) -> None:
    """The one it goes by now, under the same id."""
    before = client.get(PATH).json()["items"][0]
    own = next(iter(home.daemon.discovery.publisher.published.values()))
    assert own.rename("instance")
    assert client.get("/ping").json()["name"] == "bridge (2)"
    assert client.get(f"{PATH}/{before['id']}").json()["name"] == "bridge (2)"


def test_one_is_added_and_removed(client: TestClient, token: Token) -> None:
    """201 with its place, which answers from then on; 204, and it is gone."""
    added = client.post(PATH, json=LAMP, headers=token)
    assert added.status_code == 201
    view = added.json()
    assert added.headers["location"] == f"{PATH}/{view['id']}"
    assert (view["name"], view["source"], view["state"]) == (LAMP["name"], "added", "probing")
    assert view["txt"] == {"txtvers": "1", "path": "/", "on": None}
    assert client.get(added.headers["location"]).json() == view
    assert client.get(PATH).json()["items"][-1] == view
    removed = client.delete(added.headers["location"], headers=token)
    assert (removed.status_code, removed.content) == (204, b"")
    assert client.get(added.headers["location"]).status_code == 404
    assert client.delete(added.headers["location"], headers=token).status_code == 404


def test_a_name_that_is_there_is_a_conflict(client: TestClient, token: Token) -> None:
    """Also the daemon's own, and one of the settings."""
    for name, type_ in (("bridge", "_lanbridge._tcp"), ("old LAMP", "_HTTP._tcp")):
        answer = client.post(PATH, json={**LAMP, "name": name, "type": type_}, headers=token)
        assert (answer.status_code, answer.json()["code"]) == (409, "name-conflict")


def test_the_settings_are_not_removed(client: TestClient, token: Token) -> None:
    """With the reason, and where to do it."""
    own, hardware = client.get(PATH).json()["items"]
    for one in (own, hardware):
        answer = client.delete(f"{PATH}/{one['id']}", headers=token)
        assert (answer.status_code, answer.json()["code"]) == (409, "fixed-by-settings")
    assert "remove its table there" in answer.json()["detail"]


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"name": ""}, "it is empty"),
        ({"name": "a" * 64}, "63"),
        ({"name": "客" * 22}, "63"),
        ({"name": "a\x00b"}, "control"),
        ({"type": "http"}, "use '_http._tcp'"),
        ({"port": 0}, "whole number from 1 to 65535"),
        ({"port": True}, "whole number"),
        ({"txt": {"a=b": "c"}}, "TXT pair"),
        ({"txt": {"a": 5}}, "must be text in quotes, or true"),
        ({"subtypes": ["x" * 64]}, "63"),
        ({"host": "lamp.local"}, "come together or not at all"),
        ({"host": "lamp.local", "addresses": ["lamp"]}, "it is not an IPv4 or IPv6 address"),
        ({"nmae": "x"}, "nmae"),
    ],
)
def test_the_validators_are_those_of_the_settings(
    client: TestClient, token: Token, change: dict[str, Any], sentence: str
) -> None:
    """One sentence a person can act on, and nothing is advertised."""
    answer = client.post(PATH, json=LAMP | change, headers=token)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid-input")
    assert sentence in answer.json()["detail"]
    assert "Value error" not in answer.json()["detail"]
    assert len(client.get(PATH).json()["items"]) == 2


def test_the_limit_is_told_and_shown(client: TestClient, token: Token) -> None:
    """Whoever has the token may err too: a script in a loop."""
    for number in range(MAX_ADDED):
        table = LAMP | {"name": f"Lamp {number}"}
        assert client.post(PATH, json=table, headers=token).status_code == 201
    answer = client.post(PATH, json=LAMP, headers=token)
    assert (answer.status_code, answer.json()["code"]) == (503, "limit-reached")
    added = client.get("/api/v1/status").json()["added"]
    assert added == {"count": MAX_ADDED, "limit": MAX_ADDED, "problem": None}
