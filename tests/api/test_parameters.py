"""A parameter that a route does not know is an error: ignored, it would seem to have counted."""

from urllib.parse import quote

import pytest
from starlette.testclient import TestClient, WebSocketDenialResponse

from tests.api.conftest import Home
from tests.core.lan import whole


def detail(client: TestClient, path: str) -> str:
    """Of the problem that this is answered with."""
    response = client.get(path)
    assert (response.status_code, response.json()["code"]) == (422, "invalid-input")
    return str(response.json()["detail"])


@pytest.mark.parametrize(
    "path",
    [
        "/api/v1/services",
        "/api/v1/services/x",
        "/api/v1/devices",
        "/api/v1/devices/x",
        "/api/v1/types",
        "/api/v1/interfaces",
        "/api/v1/status",
        "/api/v1/advertisements",
        "/api/v1/advertisements/x",
        "/api/v1/events",
        "/api/v1/export",
        "/api/v1/check/service-type?value=_http._tcp",
        "/api/v1/check/address?target=10.0.0.7",
        "/api/v1/check/url?url=http://10.0.0.7/",
    ],
)
def test_what_a_route_does_not_know_is_refused(client: TestClient, path: str) -> None:
    """Whatever the route is."""
    said = detail(client, f"{path}{'&' if '?' in path else '?'}_=1764000000")
    assert said.startswith("query parameter '_': there is no such parameter here; ")


@pytest.mark.parametrize(
    ("path", "remedy"),
    [
        ("services?tpye=_http._tcp", "did you mean 'type'?"),
        ("services?Type=_http._tcp", "did you mean 'type'?"),
        ("services?own=true&limt=5", "did you mean 'limit'?"),
        ("devices/x?form=10.0.0.9", "did you mean 'from'?"),
        ("events?snapshots=true", "did you mean 'snapshot'?"),
        ("check/url?url=http://10.0.0.7/&platfrom=ios", "did you mean 'platform'?"),
        ("check/service-type?type=_http._tcp", "it takes value."),
        ("types?x=", "it takes none."),
    ],
)
def test_the_nearest_that_there_is_is_named(client: TestClient, path: str, remedy: str) -> None:
    """Else all of them."""
    assert detail(client, f"/api/v1/{path}").endswith(remedy)


@pytest.mark.parametrize(
    "path", ["services?type=_http._tcp&type=_ipp._tcp", "devices?own=true&state=online&own=true"]
)
def test_what_is_given_twice_is_refused(client: TestClient, path: str) -> None:
    """The last would count alone, and half of what was asked for would be missing."""
    said = detail(client, f"/api/v1/{path}")
    assert said.endswith("it is given more than once; ask once for each value.")


def test_events_may_be_named_again(client: TestClient) -> None:
    """Any of them is told."""
    names = "event=service.lost&event=service.found"
    with client.websocket_connect(f"/api/v1/stream?{names}&snapshot=true") as stream:
        assert stream.receive_json()["event"] == "resync"


def test_what_is_known_goes_on_working(client: TestClient, home: Home) -> None:
    """Those of the route, of its filters and of the viewer, and the way to the next page."""
    home.hear(*whole())
    query = "type=_http._tcp&state=online&host=lamp&name=l&own=false&from=10.0.0.9&limit=1"
    assert client.get(f"/api/v1/services?{query}&interface=eth0").status_code == 200
    assert client.get("/api/v1/check/url?url=10.0.0.7:80&for=socket&hotspot=false").is_success


def test_a_websocket_is_told_too(client: TestClient) -> None:
    """Before it is open, where a browser's developer tools show the answer."""
    with (
        pytest.raises(WebSocketDenialResponse) as denied,
        client.websocket_connect("/api/v1/stream?tpye=_http._tcp"),
    ):
        pass
    assert denied.value.status_code == 422
    assert denied.value.json()["detail"].endswith("did you mean 'type'?")


def test_a_websocket_is_told_of_a_value_that_is_none(client: TestClient) -> None:
    """It would be 403, as if its caller were refused."""
    with (
        pytest.raises(WebSocketDenialResponse) as denied,
        client.websocket_connect("/api/v1/stream?state=gone"),
    ):
        pass
    assert denied.value.status_code == 422
    assert denied.value.json()["detail"].startswith("state 'gone': ")


@pytest.mark.parametrize("path", ["/", "/docs", "/healthz", "/readyz", "/metrics", "/ping"])
def test_a_page_and_a_probe_take_what_others_hang_on_to_links(
    client: TestClient, path: str
) -> None:
    """A chat adds where the link was opened, a monitor a number against caches."""
    assert client.get(f"{path}?from=singlemessage&_=1").status_code not in (404, 422)


def test_a_hostile_name_comes_back_safe_and_short(client: TestClient) -> None:
    """In a terminal, and not at any length."""
    name = quote("\x1b[2J\u202e" + "a" * 20_000)
    said = detail(client, f"/api/v1/services?{name}=1")
    assert said.isprintable()
    assert len(said) < 1_000
