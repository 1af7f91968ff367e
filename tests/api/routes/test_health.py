"""Small answers for machines."""

from starlette.testclient import TestClient

from lanbridge import __version__
from tests.api.conftest import Home


def test_ping_is_four_facts(client: TestClient, home: Home) -> None:
    """Small enough for a sweep over a /24, and never from a cache."""
    response = client.get("/ping")
    assert response.json() == {
        "product": "lanbridge",
        "version": __version__,
        "id": home.daemon.id,
        "name": "bridge",
    }
    assert response.headers["cache-control"] == "no-store"
    assert len(response.content) < 200


def test_alive_is_not_ready(client: TestClient, home: Home) -> None:
    """Without a network: alive, and 503 with a sentence; with one, 200."""
    assert client.get("/healthz").json() == {"alive": True}
    waiting = client.get("/readyz")
    assert waiting.status_code == 503
    assert waiting.json()["ready"] is False
    assert waiting.json()["waiting_for"] == [
        "network: no usable interface (lo: for the test; eth0: for the test; "
        "docker0: for the test); connect one, or name one."
    ]
    home.connect()
    ready = client.get("/readyz")
    assert (ready.status_code, ready.json()) == (
        200,
        {"ready": True, "waiting_for": [], "degraded": []},
    )


def test_without_a_token_it_is_degraded(client: TestClient, home: Home) -> None:
    """Nothing can be changed over HTTP; it goes on all the same."""
    home.connect()
    (home.daemon.settings.state_dir / "token").unlink(missing_ok=True)
    (home.daemon.settings.state_dir / "token").mkdir()
    response = client.get("/readyz")
    (sentence,) = response.json()["degraded"]
    assert response.status_code == 200
    assert "without it nothing can be changed" in sentence


def test_the_address_alone_leads_somewhere(client: TestClient) -> None:
    """To what a person wants to see first."""
    response = client.get("/")
    assert response.status_code in (200, 307)
