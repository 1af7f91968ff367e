"""What changes something takes the token."""

import shutil
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from typing import Any

import pytest
from starlette.testclient import TestClient

from lanbridge.api import routes
from tests.api.conftest import Home

SAFE = {"GET", "HEAD", "OPTIONS"}


def writes(client: TestClient) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """(method, path, operation) of everything that is no read."""
    for path, methods in client.get("/openapi.json").json()["paths"].items():
        for method, operation in methods.items():
            if method.upper() not in SAFE:
                yield method.upper(), path, operation


def test_every_route_that_changes_something_takes_the_token(client: TestClient) -> None:
    """And says so in the description, for generated clients."""
    found = 0
    for method, path, operation in writes(client):
        response = client.request(method, path.replace("{id}", "x"), json={})
        assert response.status_code == 401, path
        assert response.headers["www-authenticate"] == "Bearer"
        assert response.json()["code"] == "token-required"
        assert operation["security"] == [{"token": []}], path
        assert {"401", "503"} <= operation["responses"].keys(), path
        found += 1
    assert found


def test_no_route_hides_from_the_description() -> None:
    """What is not described would not be tried above."""
    for module in iter_modules(routes.__path__):
        for route in import_module(f"{routes.__name__}.{module.name}").router.routes:
            hidden = not getattr(route, "include_in_schema", True)
            assert not (hidden and getattr(route, "methods", SAFE) - SAFE), route.path


def test_the_scheme_is_described(client: TestClient) -> None:
    """A bearer token, and where it is found."""
    scheme = client.get("/openapi.json").json()["components"]["securitySchemes"]["token"]
    assert (scheme["type"], scheme["scheme"]) == ("http", "bearer")
    assert "lanbridge token" in scheme["description"]


@pytest.mark.parametrize(
    ("header", "code"),
    [
        ({}, "token-required"),
        ({"Authorization": "Basic dXNlcjpwYXNz"}, "token-required"),
        ({"Authorization": "Bearer"}, "token-required"),
        ({"Authorization": "Bearer x"}, "token-wrong"),
        ({"Authorization": "Bearer é客".encode()}, "token-wrong"),
        ({"Cookie": "token=x"}, "token-required"),
    ],
)
def test_who_does_not_show_it_is_refused(
    client: TestClient, header: dict[str, str | bytes], code: str
) -> None:
    """With a problem document and the way to authenticate, RFC 9110 §15.5.2."""
    response = client.post("/api/v1/scan", headers=header)  # type: ignore[arg-type]  # bytes too
    assert (response.status_code, response.json()["code"]) == (401, code)
    assert response.headers["www-authenticate"] == "Bearer"


def test_a_rotated_token_counts_at_once(
    client: TestClient, home: Home, token: dict[str, str]
) -> None:
    """The old one is refused by the daemon that runs."""
    assert client.post("/api/v1/scan", headers=token).status_code == 202
    new = home.daemon.token.rotate()
    assert client.post("/api/v1/scan", headers=token).status_code == 401
    headers = {"Authorization": f"Bearer {new}"}
    assert client.post("/api/v1/scan", headers=headers).status_code == 202


def test_without_a_place_for_the_token_nothing_is_changed(
    client: TestClient, home: Home, tmp_path: Path
) -> None:
    """The daemon runs on, and says why in its status."""
    assert client.get("/api/v1/status").json()["writes"] == {"on": True, "problem": None}
    shutil.rmtree(home.daemon.settings.state_dir)
    home.daemon.settings.state_dir.write_text("no directory")
    response = client.post("/api/v1/scan", headers={"Authorization": "Bearer x"})
    assert (response.status_code, response.json()["code"]) == (503, "token-unavailable")
    writes = client.get("/api/v1/status").json()["writes"]
    assert writes["on"] is False
    assert "it cannot be written" in writes["problem"]
