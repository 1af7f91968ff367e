"""What an answer is made of: a rule with its source, and what follows from it on a platform."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Answer(StrEnum):
    """`depends`: on what nobody told us, or on what the sources leave open."""

    YES = "yes"
    NO = "no"
    DEPENDS = "depends"


class Certainty(StrEnum):
    DOCUMENTED = "documented"  # by an RFC, or by whoever makes the platform
    OBSERVED = "observed"  # on devices or in their source, and promised by nobody
    INFERRED = "inferred"  # from what is documented or observed


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule; `id` is stable, `source` is where to read it."""

    id: str
    sentence: str
    source: str
    certainty: Certainty


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What one rule says on one platform.

    platform: or `documented`, `rfc`, `portable`: whoever gives the answer. remedy: an imperative
    clause. error_text: what the platform shows, where that is known. warning: why that which is
    accepted will be regretted.
    """

    platform: str
    answer: Answer
    sentence: str
    rule: Rule
    remedy: str | None = None
    error_text: str | None = None
    warning: str | None = None


_BEST_FIRST = (Answer.YES, Answer.DEPENDS, Answer.NO)


def worst(verdicts: Iterable[Verdict]) -> Answer:
    """What they come to together; of none, yes."""
    answers = (verdict.answer for verdict in verdicts)
    return max(answers, key=_BEST_FIRST.index, default=Answer.YES)
