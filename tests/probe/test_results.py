"""The sum of a run, from its events alone."""

import pytest

from lanbridge.probe import results
from lanbridge.probe.results import Extra, ExtraKind, Outcome, ProbeResult, ProbeTarget, Tally
from tests.probe.runs import NOON

TARGET = ProbeTarget(address="10.0.0.5", port=8620)


def result(
    sequence: int,
    rtt_ms: float | None = None,
    outcome: Outcome = Outcome.OK,
    connect_ms: float | None = None,
) -> ProbeResult:
    """One probe of a run."""
    return ProbeResult(
        probe="udp",
        target=TARGET,
        sequence=sequence,
        outcome=outcome,
        rtt_ms=rtt_ms,
        connect_ms=connect_ms,
        sent_bytes=64,
        received_bytes=64,
        started_at=NOON,
        detail="",
    )


def tally(*events: ProbeResult | Extra) -> Tally:
    """A tally of these."""
    made = Tally()
    for event in events:
        made.add(event)
    return made


def test_nothing_is_no_loss_and_no_round_trip() -> None:
    """^C before the first answer."""
    summary = tally().summary()
    assert (summary.sent, summary.received, summary.loss) == (0, 0, 0.0)
    assert summary.rtt_median_ms is summary.rtt_p99_ms is summary.jitter_ms is None


def test_whatever_is_not_ok_is_lost() -> None:
    """Each outcome is counted, and only an answer that was right and in time is received."""
    failed = [outcome for outcome in Outcome if outcome is not Outcome.OK]
    bad = [result(sequence, 1.0, outcome) for sequence, outcome in enumerate(failed, 2)]
    summary = tally(result(1, 3.0), *bad).summary()
    assert (summary.sent, summary.received) == (7, 1)
    assert summary.loss == pytest.approx(6 / 7, abs=1e-6)
    assert summary.outcomes == {outcome.value: 1 for outcome in Outcome}
    assert summary.rtt_min_ms == summary.rtt_max_ms == 3.0


def test_extras_are_counted_apart() -> None:
    """They change neither what was sent nor what was received."""
    extras = [
        Extra(outcome=kind, sequence=1, rtt_ms=9.0, received_bytes=1)
        for kind in (ExtraKind.LATE, *[ExtraKind.DUPLICATE] * 2, *[ExtraKind.STRAY] * 3)
    ]
    summary = tally(result(1, 3.0), *extras).summary()
    assert (summary.late, summary.duplicates, summary.strays) == (1, 2, 3)
    assert (summary.sent, summary.received, summary.rtt_max_ms) == (1, 1, 3.0)


@pytest.mark.parametrize(
    ("rtts_ms", "expected"),
    [
        ([5.0], (5.0, 5.0, 5.0, 5.0, 5.0)),
        ([4.0, 1.0], (1.0, 2.5, 4.0, 4.0, 4.0)),
        ([3.0, 1.0, 2.0], (1.0, 2.0, 3.0, 3.0, 3.0)),
        ([float(n) for n in range(1, 101)], (1.0, 50.5, 95.0, 99.0, 100.0)),
        ([float(n) for n in range(1, 1001)], (1.0, 500.5, 950.0, 990.0, 1000.0)),
    ],
    ids=["one", "two", "three", "hundred", "thousand"],
)
def test_percentiles_are_nearest_rank(rtts_ms: list[float], expected: tuple[float, ...]) -> None:
    """So each is a round trip that was measured; the median of an even number is between two."""
    summary = tally(*(result(n, rtt_ms) for n, rtt_ms in enumerate(rtts_ms))).summary()
    assert (
        summary.rtt_min_ms,
        summary.rtt_median_ms,
        summary.rtt_p95_ms,
        summary.rtt_p99_ms,
        summary.rtt_max_ms,
    ) == expected


@pytest.mark.parametrize(
    ("answered", "jitter_ms"),
    [
        ([(1, 10.0)], None),
        ([(1, 10.0), (2, 13.0), (3, 12.0)], 2.0),
        ([(1, 10.0), (3, 99.0)], None),
        ([(1, 10.0), (2, 11.0), (4, 99.0), (5, 96.0)], 2.0),
        ([(2, 13.0), (1, 10.0), (3, 12.0)], 2.0),
    ],
    ids=["one alone", "both directions", "one lost between", "pairs only", "overtaken"],
)
def test_jitter_is_between_probes_that_follow_each_other(
    answered: list[tuple[int, float]], jitter_ms: float | None
) -> None:
    """RFC 3393 §4.5 and §4.1, whatever the order in which the answers came."""
    assert tally(*(result(*one) for one in answered)).summary().jitter_ms == jitter_ms


def test_connections_have_a_median_of_their_own() -> None:
    """Of failed probes too: they had connected."""
    events = [result(1, 1.0, connect_ms=7.0), result(2, None, Outcome.TIMEOUT, connect_ms=9.0)]
    summary = tally(*events, result(3, 1.0)).summary()
    assert (summary.connections, summary.connect_median_ms) == (2, 8.0)


def test_a_run_of_days_stays_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Percentiles are of the last round trips, the extremes of all."""
    monkeypatch.setattr(results, "KEPT", 4)
    monkeypatch.setattr(results, "_NEIGHBOURS", 4)
    made = tally(result(1, 100.0), *(result(n, 2.0) for n in range(2, 50)))
    summary = made.summary()
    assert (summary.rtt_max_ms, summary.rtt_p99_ms, summary.received) == (100.0, 2.0, 49)
    assert len(made._neighbours) == 4


@pytest.mark.parametrize(
    ("target", "shown", "authority"),
    [
        (TARGET, "10.0.0.5:8620", "10.0.0.5:8620"),
        (ProbeTarget(address="fe80::1%eth0", port=80), "[fe80::1%eth0]:80", "[fe80::1]:80"),
        (ProbeTarget(address="10.0.0.5", port=80, host="a.lan"), "10.0.0.5:80", "a.lan:80"),
    ],
    ids=["IPv4", "scope", "name"],
)
def test_a_target_is_shown_and_asked_for(target: ProbeTarget, shown: str, authority: str) -> None:
    """A scope is for this host's eyes only, and a name is what a server knows itself by."""
    assert (str(target), target.authority) == (shown, authority)
