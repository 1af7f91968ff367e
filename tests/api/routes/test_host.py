"""This host over HTTP: interfaces, status, scan."""

import pytest
from starlette.testclient import TestClient

from lanbridge import __version__
from lanbridge.config import WebhookSettings
from lanbridge.core.addresses import NetworkState
from lanbridge.core.events import NetworkChanged
from lanbridge.core.records import Record, RecordType
from lanbridge.echo.udp import UdpEcho
from lanbridge.webhooks.webhook import Webhook
from tests.api.conftest import Home
from tests.core.lan import ptr, whole


def test_interfaces_with_the_reason(client: TestClient) -> None:
    """Used or not."""
    items = client.get("/api/v1/interfaces").json()["items"]
    assert [(one["name"], one["used"], one["addresses"]) for one in items] == [
        ("lo", False, ["127.0.0.1/8", "::1/128"]),
        ("eth0", True, ["10.0.0.1/24", "fe80::1/64"]),
        ("docker0", False, ["172.17.0.1/16"]),
    ]
    assert all(one["why"] for one in items)


def test_status_of_a_daemon_that_waits(client: TestClient, home: Home) -> None:
    """Who it is, and the sentence that says for what."""
    status = client.get("/api/v1/status").json()
    assert (status["version"], status["name"]) == (__version__, "bridge")
    assert status["id"] == home.daemon.id
    assert status["uptime_s"] >= 0
    assert status["started"].endswith("Z")
    assert (status["ready"], status["interfaces"]) == (False, [])
    assert status["waiting_for"][0].startswith("network: no usable interface (lo: ")


def test_status_counts(client: TestClient, home: Home) -> None:
    """What is there, and what was refused and why."""
    home.connect()
    home.hear(*whole(), ptr("silent"))
    home.hear(Record("esp32.http.tcp.local", RecordType.PTR, 9, "x.esp32.http.tcp.local"))
    home.daemon.guard.check_caller("192.168.9.9")
    home.daemon.discovery.engine.dropped["malformed"] += 3
    home.daemon.hub.subscribe()
    status = client.get("/api/v1/status").json()
    assert (status["ready"], status["waiting_for"], status["interfaces"]) == (True, [], ["eth0"])
    assert (status["services"], status["types"], status["subscribers"]) == (2, 1, 1)
    assert status["packets_dropped"] == {"malformed": 3}
    assert status["records_refused"] == {"records": 1}
    assert status["echo_refused"] == {"other-subnet": 1}
    assert list(status["findings"].values()) == [1]


def test_status_of_udp_echo(client: TestClient, home: Home) -> None:
    """Whether it is on, what it answered, and what the system would not take."""
    assert client.get("/api/v1/status").json()["udp_echo"] == {
        "on": False,
        "answered": 0,
        "unsent": 0,
    }
    home.daemon.udp = UdpEcho(home.daemon.guard, 0)
    home.daemon.udp.answered, home.daemon.udp.unsent = 5, 1
    assert client.get("/api/v1/status").json()["udp_echo"] == {
        "on": True,
        "answered": 5,
        "unsent": 1,
    }


def test_scan_is_done_once_a_second(client: TestClient, token: dict[str, str]) -> None:
    """RFC 6762 §5.2: the second one says that it was not."""
    first, second = (client.post("/api/v1/scan", headers=token) for _ in range(2))
    assert (first.status_code, first.json()) == (202, {"started": True})
    assert (second.status_code, second.json()) == (202, {"started": False})


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE"])
def test_scan_is_ordered_by_post_only(client: TestClient, method: str) -> None:
    """State changes never by GET: an image in a page could do it."""
    response = client.request(method, "/api/v1/scan")
    assert (response.status_code, response.headers["allow"]) == (405, "POST")


def test_a_host_without_interfaces(client: TestClient, home: Home) -> None:
    """Nothing is a state, not an error."""
    home.daemon.discovery.state = NetworkState(())
    assert client.get("/api/v1/interfaces").json() == {"items": [], "next": None}
    assert "there are none" in client.get("/readyz").json()["waiting_for"][0]


def test_status_of_webhooks(client: TestClient, home: Home) -> None:
    """Whom it tells, without what may be a secret, and how that goes."""
    settings = WebhookSettings.model_validate(
        {"url": "https://example.org/hook/s3cret", "secret": "sesame"}
    )
    home.daemon.webhooks.append(Webhook(settings, lambda: 0.0, lambda: 0.0))
    home.daemon.webhooks[0].offer("b-1", b"{}")
    status = client.get("/api/v1/status")
    assert status.json()["webhooks"] == [
        {"to": "https://example.org", "delivered": 0, "refused": 0, "dropped": 0, "retries": 0}
        | {"queued": 1, "problem": None}
    ]
    assert "s3cret" not in status.text
    assert "sesame" not in status.text


def test_an_event_goes_to_the_webhooks_that_want_it(home: Home) -> None:
    """As SSE tells it, with its number."""
    for events in ([], ["service.lost"], ["network.changed"]):
        settings = WebhookSettings.model_validate({"url": "http://a/", "events": events})
        home.daemon.webhooks.append(Webhook(settings, lambda: 0.0, lambda: 0.0))
    home.daemon._tell(NetworkChanged(("eth0 came",), 0.0))
    assert [one.queued for one in home.daemon.webhooks] == [1, 0, 1]
