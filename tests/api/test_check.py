"""The verdicts of `lanbridge check` over HTTP."""

import socket
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from lanbridge.api import server
from lanbridge.api.app import create_app
from lanbridge.config import Settings
from lanbridge.core.addresses import NetworkState
from lanbridge.core.views import as_json
from lanbridge.daemon import Daemon
from lanbridge.wechat.service_types import check_service_type
from tests.echo.home import HOME

CHECK = "/api/v1/check"


@pytest.fixture
def daemon(tmp_path: Path) -> Daemon:
    """At 192.168.1.5/24, among other places; it was never started."""
    daemon = Daemon(Settings(state_dir=tmp_path), server.serve)
    daemon.discovery.state = HOME
    return daemon


@pytest.fixture
def phone(daemon: Daemon) -> Generator[TestClient]:
    """A caller at 192.168.1.77."""
    with TestClient(create_app(daemon), client=("192.168.1.77", 50_000)) as client:
        yield client


def answers(body: dict[str, Any]) -> dict[str, str]:
    """By platform."""
    return {verdict["platform"]: verdict["answer"] for verdict in body["verdicts"]}


def test_a_service_type(phone: TestClient) -> None:
    """What the room says, whole."""
    response = phone.get(f"{CHECK}/service-type", params={"value": "_lan--bridge._tcp"})
    assert response.status_code == 200
    body = response.json()
    assert body == as_json(check_service_type("_lan--bridge._tcp"))
    assert (body["answer"], body["literal"]) == ("no", "_lan-bridge._tcp.")


def test_an_address_for_the_caller(phone: TestClient) -> None:
    """A phone that opens this learns what it may do itself, by the subnet that we share."""
    body = phone.get(f"{CHECK}/address", params={"target": "192.168.1.20"}).json()
    assert (body["answer"], body["decided_by"]) == ("yes", "documented")
    assert (body["phone"], body["call"]) == ("192.168.1.77/24", "request")
    assert answers(body)["harmonyos"] == "depends"


def test_an_address_for_another_phone(phone: TestClient) -> None:
    """By its own mask."""
    query = {"target": "10.18.3.20", "phone": "10.18.200.4/16", "for": "socket"}
    body = phone.get(f"{CHECK}/address", params=query).json()
    assert (body["answer"], body["phone"], body["call"]) == ("yes", "10.18.200.4/16", "socket")


def test_a_prefix_that_is_not_said_is_ours(phone: TestClient, daemon: Daemon) -> None:
    """The daemon knows the subnet that the phone is in."""
    eth0 = HOME.interfaces[1]
    daemon.discovery.state = NetworkState((eth0,))
    query = {"target": "192.168.1.20", "phone": "192.168.1.77"}
    assert phone.get(f"{CHECK}/address", params=query).json()["phone"] == "192.168.1.77/24"


def test_a_url_with_all_that_can_be_said(phone: TestClient) -> None:
    """Call, platform and hotspot."""
    query = {
        "url": "http://192.168.1.20:8080/",
        "for": "upload",
        "platform": "android",
        "hotspot": "true",
    }
    body = phone.get(f"{CHECK}/url", params=query).json()
    assert (body["answer"], body["decided_by"]) == ("no", "android")
    assert answers(body)["documented"] == "yes"
    (android,) = (one for one in body["verdicts"] if one["platform"] == "android")
    assert android["rule"]["certainty"] == "observed"
    assert android["error_text"] == "uploadFile:fail url not in domain list (errno 600002)"


def test_a_caller_on_this_host_is_no_phone(daemon: Daemon) -> None:
    """It has to say where the phone is."""
    with TestClient(create_app(daemon), client=("127.0.0.1", 50_000)) as client:
        body = client.get(f"{CHECK}/url", params={"url": "192.168.1.20:80"}).json()
    assert (body["answer"], body["phone"]) == ("depends", None)


@pytest.mark.parametrize(
    ("path", "query", "code"),
    [
        ("service-type", {}, "invalid-input"),
        ("service-type", {"value": ""}, "invalid-service-type"),
        ("address", {"target": "192.168.1"}, "invalid-address"),
        ("address", {"target": "192.168.1.20", "phone": "x"}, "invalid-address"),
        ("address", {"target": "192.168.1.20", "for": "pigeon"}, "invalid-input"),
        ("url", {"url": "nonsense:x"}, "invalid-address"),
        ("url", {"url": "192.168.1.20", "for": "tcp"}, "invalid-port"),
        ("url", {"url": "192.168.1.20:80", "platform": "symbian"}, "invalid-input"),
        ("url", {"url": "http://a.example/" + "x" * 2048}, "invalid-input"),
    ],
)
def test_nonsense(phone: TestClient, path: str, query: dict[str, str], code: str) -> None:
    """A problem document, and no verdict."""
    response = phone.get(f"{CHECK}/{path}", params=query)
    assert response.status_code == 422
    assert response.headers["content-type"] == "application/problem+json"
    assert response.json()["code"] == code


def test_nothing_is_connected(phone: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever the caller names is not asked, nor is DNS."""

    def connected(*arguments: object) -> None:
        raise AssertionError(arguments)

    monkeypatch.setattr(socket.socket, "connect", connected)
    monkeypatch.setattr(socket, "getaddrinfo", connected)
    query = {"url": "https://api.example.com/"}
    assert phone.get(f"{CHECK}/url", params=query).json()["answer"] == "depends"


def test_the_routes_are_described(phone: TestClient) -> None:
    """Names that stay, and a line for every parameter."""
    paths = phone.get("/openapi.json").json()["paths"]
    found = {path: paths[f"{CHECK}/{path}"]["get"] for path in ("service-type", "address", "url")}
    for path, operation in found.items():
        assert operation["operationId"] == f"check-{path}"
        assert operation["description"]
        assert all(parameter["description"] for parameter in operation["parameters"])
