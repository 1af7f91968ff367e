"""What Prometheus is told, read from the counters of the daemon at the moment it asks.

No counter is kept twice and none is global. A label is a word of ours, or of whoever wrote the
settings: what the network says is in none of them, for it has no end.
"""

import platform
from collections import Counter
from collections.abc import Iterator, Mapping

from prometheus_client.core import (
    CollectorRegistry,
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.process_collector import ProcessCollector
from prometheus_client.registry import Collector

from lanbridge import __version__
from lanbridge.core.alarms import AlarmKind
from lanbridge.core.events import NAMES
from lanbridge.core.services import State
from lanbridge.daemon import Daemon
from lanbridge.lag import BOUNDS_S, LoopLag
from lanbridge.probe.results import Outcome


def registry_of(daemon: Daemon) -> CollectorRegistry:
    """All metrics of one daemon, with those of its process."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Metrics(daemon))
    ProcessCollector(registry=registry)
    return registry


class _Metrics(Collector):
    def __init__(self, daemon: Daemon) -> None:
        self._daemon = daemon

    def collect(self) -> Iterator[Metric]:
        """Everything, now."""
        daemon, discovery = self._daemon, self._daemon.discovery
        build = {"version": __version__, "python": platform.python_version()}
        yield _gauge("build_info", "What runs.", 1, build)
        yield _gauge("ready", "1: it discovers and advertises.", not daemon.waiting_for())
        yield _gauge("interfaces", "Interfaces that mDNS runs on.", len(discovery.engine.links))
        yield from self._mdns()
        yield _by("gauge", "services", "Services known.", "state", self._states())
        yield _gauge("devices", "Devices known.", len(daemon.census.devices))
        alarms = Counter(alarm.kind for alarm in daemon.census.up())
        up = {kind.value: alarms[kind] for kind in AlarmKind}
        yield _by("gauge", "alarms", "What is wrong with identities.", "kind", up)
        yield _gauge("service_types", "Service types seen.", len(discovery.registry.types()))
        told = {name: daemon.hub.told[name] for name in NAMES}
        yield _by("counter", "events", "Events told.", "event", told)
        yield _gauge("subscribers", "Readers of the events.", daemon.hub.subscribers)
        yield _by(
            *("counter", "resyncs", "Readers told to read everything anew.", "reason"),
            {reason: daemon.hub.resyncs[reason] for reason in ("slow", "unknown-id")},
        )
        yield _by(
            *("counter", "http_refused", "HTTP requests and connections refused.", "reason"),
            daemon.http_refused,
        )
        store = daemon.keeper.store
        yield _counter("store_writes", "Transactions written to the disk.", store.writes)
        yield _gauge("store_works", "1: what is known can be kept.", store.problem is None)
        yield from self._echo()
        yield from self._webhooks()
        probes = {outcome.value: daemon.prober.outcomes[outcome] for outcome in Outcome}
        yield _by("counter", "probes", "Probes of services, by what became.", "outcome", probes)
        yield _lag(daemon.lag)

    def _mdns(self) -> Iterator[Metric]:
        discovery = self._daemon.discovery
        yield _counter("packets", "mDNS packets heard.", discovery.engine.heard)
        yield _by(
            *("counter", "packets_dropped", "mDNS packets dropped.", "reason"),
            discovery.engine.dropped,
        )
        yield _by(
            *("counter", "records_refused", "What the registry did not take in.", "reason"),
            discovery.registry.refused,
        )

    def _states(self) -> Mapping[str, int]:
        counts = self._daemon.discovery.registry.states()
        return {state.value: counts[state] for state in State}

    def _echo(self) -> Iterator[Metric]:
        guard, udp = self._daemon.guard, self._daemon.udp
        refused = {str(code): count for code, count in guard.refused.items()}
        yield _by("counter", "echo_refused", "Echo requests refused.", "reason", refused)
        yield _counter("udp_echo_answered", "Datagrams sent back.", udp.answered if udp else 0)
        yield _counter("udp_echo_unsent", "Datagrams lost here.", udp.unsent if udp else 0)

    def _webhooks(self) -> Iterator[Metric]:
        labels = ("webhook", "to")
        ended = CounterMetricFamily(
            "lanbridge_webhook_deliveries",
            "Deliveries to webhooks that ended, and how.",
            labels=(*labels, "outcome"),
        )
        retries = CounterMetricFamily("lanbridge_webhook_retries", "Further tries.", labels=labels)
        queued = GaugeMetricFamily("lanbridge_webhook_queued", "What waits.", labels=labels)
        for number, one in enumerate(self._daemon.webhooks, 1):
            who = (str(number), one.origin)
            ended.add_metric((*who, "delivered"), one.delivered)
            ended.add_metric((*who, "refused"), one.refused)
            ended.add_metric((*who, "dropped"), one.dropped)
            retries.add_metric(who, one.retries)
            queued.add_metric(who, one.queued)
        yield from (ended, retries, queued)


def _gauge(name: str, help: str, value: float, labels: Mapping[str, str] | None = None) -> Metric:
    labels = labels or {}
    family = GaugeMetricFamily(f"lanbridge_{name}", help, labels=tuple(labels))
    family.add_metric(tuple(labels.values()), value)
    return family


def _counter(name: str, help: str, value: float) -> Metric:
    return CounterMetricFamily(f"lanbridge_{name}", help, value)


def _by(kind: str, name: str, help: str, label: str, values: Mapping[str, int]) -> Metric:
    kinds = {"counter": CounterMetricFamily, "gauge": GaugeMetricFamily}
    family: CounterMetricFamily | GaugeMetricFamily
    family = kinds[kind](f"lanbridge_{name}", help, labels=(label,))
    for value, count in values.items():
        family.add_metric((value,), count)
    return family


def _lag(lag: LoopLag) -> Metric:
    buckets, total = [], 0
    for bound_s, count in zip((*BOUNDS_S, "+Inf"), lag.counts, strict=True):
        total += count
        buckets.append((str(bound_s), total))
    family = HistogramMetricFamily(
        "lanbridge_loop_lag_seconds", "How late the event loop is; a look every five seconds."
    )
    family.add_metric((), buckets, lag.sum_s)
    return family
