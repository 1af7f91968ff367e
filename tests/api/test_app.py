"""The application as a whole: its description, and the echo room before the routes."""

from collections import Counter
from collections.abc import Iterator
from importlib import import_module
from inspect import iscoroutinefunction
from pkgutil import iter_modules
from typing import Any

import pytest
from fastapi.dependencies.models import Dependant
from starlette.testclient import TestClient, WebSocketDenialResponse

from lanbridge.api import routes
from lanbridge.api.app import create_app
from lanbridge.api.front import Receive, Scope, Send
from lanbridge.api.server import application
from tests.api.conftest import CALLER, Home

OPERATIONS = {
    "advertisements-add",
    "advertisements-get",
    "advertisements-list",
    "advertisements-remove",
    "backup-export",
    "backup-import",
    "devices-get",
    "devices-list",
    "devices-say",
    "events-follow",
    "health-healthz",
    "health-ping",
    "health-readyz",
    "interfaces-list",
    "scan-start",
    "services-get",
    "services-list",
    "status-get",
    "types-list",
}


@pytest.fixture(name="operations")
def operations_fixture(client: TestClient) -> dict[str, dict[str, Any]]:
    """Every operation of /openapi.json by its id."""
    paths = client.get("/openapi.json").json()["paths"]
    found = [operation for path in paths.values() for operation in path.values()]
    counts = Counter(operation["operationId"] for operation in found)
    assert max(counts.values()) == 1
    return {operation["operationId"]: operation for operation in found}


def test_operations_have_names_that_stay(operations: dict[str, dict[str, Any]]) -> None:
    """Generated clients are made of them: none goes, and none changes its name."""
    assert operations.keys() >= OPERATIONS


def test_every_answer_is_described(operations: dict[str, dict[str, Any]]) -> None:
    """By a model, and every error as the problem document that it is."""
    for name, operation in operations.items():
        assert operation["summary"], name
        assert operation["description"], name
        for status, response in operation["responses"].items():
            for media_type, content in response.get("content", {}).items():
                if int(status) >= 400 and name != "health-readyz":
                    assert media_type == "application/problem+json", name
                if media_type not in ("text/event-stream", "text/plain"):
                    assert content["schema"].get("type") != "string", name
                    assert content["schema"], name


def test_every_parameter_is_described(operations: dict[str, dict[str, Any]]) -> None:
    """But those whose values say it all."""
    bare = [
        f"{name} {parameter['name']}"
        for name, operation in operations.items()
        for parameter in operation.get("parameters", ())
        if not parameter.get("description") and parameter["name"] not in ("id", "state")
    ]
    assert bare == []


def test_what_is_served_is_what_is_described(client: TestClient, home: Home) -> None:
    """The fields of a service are those of its schema."""
    from tests.core.lan import whole

    home.hear(*whole())
    schemas = client.get("/openapi.json").json()["components"]["schemas"]
    (service,) = client.get("/api/v1/services").json()["items"]
    assert set(schemas["ServiceView"]["properties"]) == set(service)
    assert set(schemas["AddressView"]["properties"]) == set(service["addresses"][0])
    assert set(schemas["Status"]["properties"]) == set(client.get("/api/v1/status").json())


def test_the_description_can_be_looked_at(client: TestClient) -> None:
    """/docs is there, the second one of its kind is not."""
    assert client.get("/docs").status_code == 200
    assert client.get("/redoc").status_code == 404


def served(home: Home, caller: str = CALLER) -> TestClient:
    """Everything as `api.server` puts it together, for a caller at this address."""
    front = application(home.daemon)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        """A coroutine function, by which TestClient knows ASGI 3; uvicorn is told."""
        await front(scope, receive, send)

    return TestClient(app, client=(caller, 50_000), follow_redirects=False)


@pytest.mark.parametrize("path", ["/echo", "/echo/", "/echo/a/b"])
def test_echo_is_served(home: Home, path: str) -> None:
    """With and without the slash, for any method, never redirected."""
    for method in ("GET", "POST", "PATCH"):
        received = served(home).request(method, path, content=b"hello").json()
        assert (received["method"], received["path"]) == (method, path)
        assert received["client"]["address"] == CALLER


def test_websocket_echo_is_served(home: Home) -> None:
    """Text comes back as text."""
    with served(home).websocket_connect("/echo/ws") as socket:
        socket.send_text("客厅")
        assert socket.receive_text() == "客厅"


def test_echo_is_guarded(home: Home) -> None:
    """A caller of another subnet may not use us as a mirror, whoever else may read."""
    stranger = served(home, "192.168.9.9")
    refused = stranger.get("/echo")
    assert (refused.status_code, refused.json()["code"]) == (403, "refused")
    with pytest.raises(WebSocketDenialResponse) as denied:
        stranger.websocket_connect("/echo/ws").__enter__()
    assert denied.value.status_code == 403
    assert home.daemon.guard.refused == {"other-subnet": 2}


@pytest.mark.parametrize(
    ("caller", "reachable"),
    [
        ("10.0.0.9", True),
        ("10.0.0.7", False),
        ("192.168.9.9", False),
        ("127.0.0.1", True),
        ("10.0.0.1", True),
        ("::1", True),
        ("::ffff:10.0.0.9", True),
        ("fe80::9%eth0", False),
        ("testclient", True),
    ],
)
def test_the_caller_is_the_viewer(home: Home, caller: str, *, reachable: bool) -> None:
    """Unless it is this host, or has no address; whatever X-Forwarded-For says."""
    from tests.core.lan import whole

    home.hear(*whole())
    client = TestClient(create_app(home.daemon), client=(caller, 50_000))
    headers = {"X-Forwarded-For": "10.0.0.9", "Forwarded": "for=10.0.0.9"}
    (service,) = client.get("/api/v1/services", headers=headers).json()["items"]
    assert service["reachable"] is reachable


def test_nothing_that_a_request_asks_for_is_made_in_a_thread() -> None:
    """Each would cost more than a short answer; FastAPI has a thread for what is not async."""
    calls = {
        call
        for module in iter_modules(routes.__path__)
        for route in import_module(f"{routes.__name__}.{module.name}").router.routes
        for call in depended_on(route.dependant)
    }
    assert len(calls) > 20
    assert [one for one in calls if not (iscoroutinefunction(one) or is_async(one))] == []


def is_async(instance: object) -> bool:
    """Of what is called as the security schemes are."""
    return iscoroutinefunction(getattr(instance, "__call__", None))  # noqa: B004  # not whether


def depended_on(dependant: Dependant) -> Iterator[Any]:
    """What a route calls, and all that it depends on."""
    yield dependant.call
    for one in dependant.dependencies:
        yield from depended_on(one)
