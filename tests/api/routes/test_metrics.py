"""`/metrics`, and the dashboard that is made of nothing else."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families
from starlette.testclient import TestClient

from lanbridge.config import WebhookSettings
from lanbridge.core.alarms import AlarmKind
from lanbridge.core.events import NAMES
from lanbridge.core.services import State
from lanbridge.webhooks.webhook import Webhook
from tests.api.conftest import Home
from tests.core.lan import ptr, whole

DASHBOARD = json.loads((Path(__file__).parents[3] / "docs/grafana-dashboard.json").read_text())
HOSTILE = '<img onerror=x>\x1b]8;;\u202e\n"} 1\n=cmd()'


@pytest.fixture(autouse=True)
def webhook(home: Home) -> Webhook:
    """One of each thing that has metrics."""
    settings = WebhookSettings.model_validate({"url": "http://10.0.0.9:8123/hook/s3cret"})
    home.daemon.webhooks.append(Webhook(settings, lambda: 0.0, lambda: 0.0))
    return home.daemon.webhooks[0]


def scrape(client: TestClient) -> dict[str, dict[tuple[str, ...], float]]:
    """Values by name and label values."""
    response = client.get("/metrics")
    assert response.status_code == 200
    assert response.headers["content-type"].startswith("text/plain; version=")
    found: dict[str, dict[tuple[str, ...], float]] = {}
    for family in text_string_to_metric_families(response.text):
        assert family.documentation
        for sample in family.samples:
            found.setdefault(sample.name, {})[*sample.labels.values()] = sample.value
    return found


def test_the_numbers_are_those_of_the_daemon(
    client: TestClient, home: Home, webhook: Webhook
) -> None:
    """Of this moment."""
    home.connect()
    home.hear(*whole(), ptr("silent"))
    daemon = home.daemon
    daemon.hub.subscribe("other-1")
    daemon.discovery.engine.heard = 7
    daemon.discovery.engine.dropped["malformed"] += 3
    daemon.discovery.registry.refused["services"] += 2
    daemon.guard.check_caller("192.168.9.9")
    daemon.lag.note(0.003)
    webhook.offer("b-1", b"{}")
    webhook.retries = 4
    found = scrape(client)
    assert found["lanbridge_ready"] == {(): 1}
    assert found["lanbridge_services"] == {("found",): 1, ("online",): 1} | {
        (state,): 0 for state in (State.STALE, State.OFFLINE)
    }
    assert found["lanbridge_devices"] == {(): len(daemon.census.devices)}
    assert found["lanbridge_alarms"] == {(kind.value,): 0 for kind in AlarmKind}
    assert found["lanbridge_events_total"][("service.resolved",)] == 1
    assert {name for (name,) in found["lanbridge_events_total"]} == {*NAMES}
    assert found["lanbridge_store_writes_total"] == {(): 0}
    assert found["lanbridge_store_works"] == {(): 1}
    assert found["lanbridge_subscribers"] == {(): 1}
    assert found["lanbridge_resyncs_total"] == {("slow",): 0, ("unknown-id",): 1}
    assert found["lanbridge_packets_total"] == {(): 7}
    assert found["lanbridge_packets_dropped_total"] == {("malformed",): 3}
    assert found["lanbridge_records_refused_total"] == {("services",): 2}
    assert found["lanbridge_echo_refused_total"] == {("other-subnet",): 1}
    assert found["lanbridge_webhook_queued"] == {("http://10.0.0.9:8123", "1"): 4}
    assert found["lanbridge_webhook_retries_total"] == {("http://10.0.0.9:8123", "1"): 4}
    assert found["lanbridge_loop_lag_seconds_bucket"][("0.002",)] == 0
    assert found["lanbridge_loop_lag_seconds_bucket"][("0.005",)] == 1
    assert found["lanbridge_loop_lag_seconds_count"] == {(): 1}
    assert found["process_resident_memory_bytes"][()] > 0


def test_no_text_of_the_network_is_in_it(client: TestClient, home: Home) -> None:
    """Whatever strangers call themselves, the lines are the same, and so is their number."""
    home.hear(*whole())
    before = scrape(client)
    home.hear(*whole(HOSTILE, "evil\x1b.local"), ptr(HOSTILE, f"_{HOSTILE}._tcp.local"))
    after = client.get("/metrics").text
    assert {name: set(values) for name, values in before.items()} == {
        name: set(values) for name, values in scrape(client).items()
    }
    assert not any(piece in after for piece in ("img", "\x1b", "\u202e", "cmd", "evil"))


def test_a_scraper_that_asks_for_openmetrics_gets_it(client: TestClient) -> None:
    """Which ends in EOF."""
    accept = "application/openmetrics-text; version=1.0.0"
    response = client.get("/metrics", headers={"Accept": accept})
    assert response.headers["content-type"].startswith("application/openmetrics-text")
    assert response.text.endswith("# EOF\n")


def expressions(node: Any) -> Iterator[str]:
    """All PromQL of the dashboard: that of its panels, and that of its variables."""
    if isinstance(node, dict):
        for key, value in node.items():
            if key in ("expr", "query") and isinstance(value, str):
                yield value
            else:
                yield from expressions(value)
    elif isinstance(node, list):
        for each in node:
            yield from expressions(each)


def test_the_dashboard_shows_what_there_is_and_all_of_ours(client: TestClient) -> None:
    """A name in it that no scrape has would be an empty panel; one that it lacks nobody sees."""
    text = "\n".join(expressions(DASHBOARD))
    shown = set(re.findall(r"\b(?:lanbridge|process)_\w+", text))
    found = scrape(client)
    # A counter of what never happened has no sample, but its family is there.
    families = {
        f"{name}_total" if kind == "counter" else name
        for name, kind in re.findall(
            r"^# TYPE (\w+?)(?:_total)? (\w+)$", client.get("/metrics").text, re.M
        )
    }
    assert shown <= families | set(found)
    own = {name for name in families if name.startswith("lanbridge_")}
    assert {re.sub(r"_(bucket|sum|count)$", "", name) for name in shown} >= own


def test_the_labels_of_the_dashboard_exist(client: TestClient, home: Home) -> None:
    """In `sum by (...)` and in legends; `instance` is the scraper's."""
    home.daemon.discovery.engine.dropped["malformed"] += 1
    text = client.get("/metrics").text
    labels = set(re.findall(r'[{,](\w+)="', text)) | {"instance", "le", "state", "reason"}
    asked = {
        word
        for expression in expressions(DASHBOARD)
        for group in re.findall(r"\b(?:by|on) \(([^)]*)\)", expression)
        for word in re.findall(r"\w+", group)
    }
    legends = set(re.findall(r"{{(\w+)}}", json.dumps(DASHBOARD)))
    assert asked | legends <= labels
