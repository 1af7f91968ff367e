"""What became of each probe, and the sum of them. Pure: failure is a value here.

An echo probe is answered when its own payload came back, in time, and over HTTP also by a device
that knows no echo, and answers what it will; all else is an outcome of its own. What comes back and
settles no probe (late, twice, or never asked for) is an `Extra`.
"""

from bisect import bisect_left, insort
from collections import Counter, deque
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from math import ceil
from typing import Any, NamedTuple

from lanbridge.core.views import as_json, timestamp

KEPT = 100_000  # round trips that percentiles are taken of, the last ones: a run may go on for days
_NEIGHBOURS = 8_192  # round trips whose neighbour may still come, for jitter


class Outcome(StrEnum):
    OK = "ok"
    TIMEOUT = "timeout"
    REFUSED = "refused"  # nothing listens on the port
    UNREACHABLE = "unreachable"
    NOT_SENT = "not-sent"  # this host has no socket, or no memory for it: it says nothing of theirs
    BAD_REPLY = "bad-reply"
    REFUSED_BY_GUARD = "refused-by-guard"  # lanbridge says why in `detail`


class ExtraKind(StrEnum):
    LATE = "late"  # after its probe had timed out
    DUPLICATE = "duplicate"
    STRAY = "stray"  # of no probe of this run


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbeTarget:
    """Where probes go.

    address: a literal, link-local with its scope; host: the name in the URL, if there was one;
    path: with its query, empty for lanbridge's own echo; instance: as it was found by name.
    """

    address: str
    port: int
    host: str = ""
    path: str = ""
    instance: str | None = None

    def __str__(self) -> str:
        return self._joined(self.address)

    @property
    def authority(self) -> str:
        """What the Host header says: without the scope, which is this host's (RFC 9844)."""
        return self._joined(self.host or self.address.partition("%")[0])

    def _joined(self, host: str) -> str:
        return f"[{host}]:{self.port}" if ":" in host else f"{host}:{self.port}"


class Reply(NamedTuple):
    """What a transport learned of one probe. connect_s: if the probe had to connect first."""

    outcome: Outcome
    rtt_s: float | None = None
    connect_s: float | None = None
    received_bytes: int = 0
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbeResult:
    """One probe. Bytes are of the payload; rtt_ms is without connect_ms, the time to connect."""

    probe: str
    target: ProbeTarget
    sequence: int
    outcome: Outcome
    rtt_ms: float | None
    connect_ms: float | None
    sent_bytes: int
    received_bytes: int
    started_at: datetime
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Extra:
    """An answer that settles no probe. rtt_ms: since the probe of that sequence, if it is known."""

    outcome: ExtraKind
    sequence: int | None
    rtt_ms: float | None
    received_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbeSummary:
    """All probes that ended. received: outcome `ok`; loss: the share of all others, 0 to 1.

    jitter_ms: the mean difference, up or down, between the round trips of two probes that follow
    each other (RFC 3393 §4.5, of round trips); as there in §4.1, none where either is lost.
    rtt_p95_ms, rtt_p99_ms: nearest rank, so with less than 20 or 100 answers the largest.
    connections: opened for probes; connect_median_ms: how long that took.
    """

    sent: int
    received: int
    loss: float
    late: int
    duplicates: int
    strays: int
    outcomes: dict[str, int]
    rtt_min_ms: float | None
    rtt_median_ms: float | None
    rtt_p95_ms: float | None
    rtt_p99_ms: float | None
    rtt_max_ms: float | None
    jitter_ms: float | None
    connections: int
    connect_median_ms: float | None


class Tally:
    """Takes what happens, in any order, and gives the sum of it; bounded, however long it goes."""

    def __init__(self) -> None:
        self._outcomes: Counter[Outcome] = Counter()
        self._extras: Counter[ExtraKind] = Counter()
        self._rtts_ms: deque[float] = deque()
        self._ordered_ms: list[float] = []  # the same, for who asks after each probe
        self._connects_ms: deque[float] = deque(maxlen=KEPT)
        self._connections = 0
        self._min_ms, self._max_ms = float("inf"), 0.0
        self._neighbours: dict[int, float] = {}
        self.last: ProbeResult | None = None
        self._steps, self._steps_ms = 0, 0.0

    def add(self, event: ProbeResult | Extra) -> None:
        if isinstance(event, Extra):
            self._extras[event.outcome] += 1
            return
        self.last = event
        self._outcomes[event.outcome] += 1
        if event.connect_ms is not None:
            self._connections += 1
            self._connects_ms.append(event.connect_ms)
        if event.outcome is Outcome.OK and event.rtt_ms is not None:
            self._answered(event.sequence, event.rtt_ms)

    @property
    def received(self) -> int:
        """How many probes were answered."""
        return self._outcomes[Outcome.OK]

    @property
    def sent(self) -> int:
        """How many probes have ended."""
        return self._outcomes.total()

    @property
    def loss(self) -> float:
        """The share of those that were not answered."""
        return round(1 - self.received / self.sent, 6) if self.sent else 0.0

    @property
    def median_ms(self) -> float | None:
        """The middle round trip."""
        return _median(self._ordered_ms)

    def summary(self) -> ProbeSummary:
        rtts_ms = self._ordered_ms
        return ProbeSummary(
            sent=self.sent,
            received=self.received,
            loss=self.loss,
            late=self._extras[ExtraKind.LATE],
            duplicates=self._extras[ExtraKind.DUPLICATE],
            strays=self._extras[ExtraKind.STRAY],
            outcomes={outcome.value: count for outcome, count in self._outcomes.items()},
            rtt_min_ms=self._min_ms if rtts_ms else None,
            rtt_median_ms=self.median_ms,
            rtt_p95_ms=_percentile(rtts_ms, 95),
            rtt_p99_ms=_percentile(rtts_ms, 99),
            rtt_max_ms=self._max_ms if rtts_ms else None,
            jitter_ms=round(self._steps_ms / self._steps, 3) if self._steps else None,
            connections=self._connections,
            connect_median_ms=_median(sorted(self._connects_ms)),
        )

    def _answered(self, sequence: int, rtt_ms: float) -> None:
        if len(self._rtts_ms) == KEPT:
            del self._ordered_ms[bisect_left(self._ordered_ms, self._rtts_ms.popleft())]
        self._rtts_ms.append(rtt_ms)
        insort(self._ordered_ms, rtt_ms)
        self._min_ms, self._max_ms = min(self._min_ms, rtt_ms), max(self._max_ms, rtt_ms)
        for neighbour in (sequence - 1, sequence + 1):  # answers may overtake each other
            if neighbour in self._neighbours:
                self._steps += 1
                self._steps_ms += abs(rtt_ms - self._neighbours[neighbour])
        self._neighbours[sequence] = rtt_ms
        if len(self._neighbours) > _NEIGHBOURS:
            del self._neighbours[next(iter(self._neighbours))]


def as_row(event: ProbeResult | Extra) -> dict[str, Any]:
    """As JSON."""
    row = as_json(event)
    if isinstance(event, ProbeResult):
        row["started_at"] = timestamp(event.started_at.timestamp())
    return row


def milliseconds(seconds: float | None) -> float | None:
    """To the microsecond, which is finer than what an event loop can measure."""
    return None if seconds is None else round(seconds * 1000, 3)


def _median(ordered: Sequence[float]) -> float | None:
    if not ordered:
        return None
    half = len(ordered) // 2
    return ordered[half] if len(ordered) % 2 else round((ordered[half - 1] + ordered[half]) / 2, 3)


def _percentile(ordered: Sequence[float], percent: int) -> float | None:
    return ordered[ceil(len(ordered) * percent / 100) - 1] if ordered else None
