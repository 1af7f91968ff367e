"""All cases against one contestant: groups side by side, for most of it is waiting."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, cast

from tests.scorecard.cases import (
    answers,
    browsing,
    conflicts_early,
    conflicts_later,
    refusing,
    starting,
    timing,
)
from tests.scorecard.stage import BrokenRule, Case, Cases, NotTestable, Stage

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tests.scorecard.contestants import Contestant

SIDE_BY_SIDE = 3


class Group(Protocol):
    """A module of cases. With `prepare` they share a stage, without each has its own."""

    CASES: Cases
    prepare: Callable[[Stage], None]


GROUPS = (starting, answers, timing, refusing, conflicts_early, conflicts_later, browsing)


@dataclass(frozen=True)
class Outcome:
    """`kept` is None where the rule could not be tried."""

    case: Case
    kept: bool | None
    evidence: str

    @property
    def sign(self) -> str:
        """For a table."""
        return "–" if self.kept is None else "✓" if self.kept else "✗"


@dataclass(frozen=True)
class Result:
    """`outcomes` in the order of the groups."""

    version: str
    outcomes: tuple[Outcome, ...]
    seconds: float


def run(contestant: Contestant) -> Result:
    """Every case."""
    started_s = time.monotonic()
    everything = [case for group in GROUPS for case in group.CASES]
    outcomes = _round(contestant, everything)
    # What is broken is tried once more: a busy machine keeps no times.
    outcomes |= _round(contestant, [one for one in everything if outcomes[one].kept is False])
    with Stage(contestant) as stage:
        version = contestant.version(stage.target)
    ordered = tuple(outcomes[case] for case in everything)
    return Result(version, ordered, time.monotonic() - started_s)


def _round(contestant: Contestant, cases: Sequence[Case]) -> dict[Case, Outcome]:
    with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
        jobs = [pool.submit(_play, contestant, *share) for share in _shares(cases)]
        return {one.case: one for job in jobs for one in job.result()}


def _shares(cases: Sequence[Case]) -> list[tuple[Group, Sequence[Case]]]:
    """What shares a stage; what takes longest goes first."""
    shares: list[tuple[Group, Sequence[Case]]] = []
    for module in GROUPS:
        group = cast("Group", module)
        chosen = [case for case in group.CASES if case in cases]
        if hasattr(group, "prepare") and chosen:
            shares.append((group, chosen))
        else:
            shares += [(group, (case,)) for case in reversed(chosen)]
    return sorted(shares, key=lambda share: -len(share[1]))


def _play(contestant: Contestant, group: Group, cases: Sequence[Case]) -> list[Outcome]:
    with Stage(contestant) as stage:
        try:
            if hasattr(group, "prepare"):
                group.prepare(stage)
        except (NotTestable, AssertionError) as reason:
            return [Outcome(case, None, str(reason).split("\n")[0]) for case in cases]
        return [_try(case, stage) for case in cases]


def _try(case: Case, stage: Stage) -> Outcome:
    try:
        return Outcome(case, True, case.check(stage))
    except BrokenRule as evidence:
        return Outcome(case, False, str(evidence))
    except NotTestable as reason:
        return Outcome(case, None, str(reason))
