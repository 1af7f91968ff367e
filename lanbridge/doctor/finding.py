"""What a check finds: what was read, what follows from it, and what mends it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

Evidence = Mapping[str, object]  # what JSON can hold


class Severity(StrEnum):
    """Worst first. From `warning` on something is wrong; a note is good to know, no more."""

    PROBLEM = "problem"  # discovery or advertising does not work because of it
    WARNING = "warning"  # it works, and loses something, or will
    NOTE = "note"  # as chosen or as usual; or it could not be looked at
    OK = "ok"

    @property
    def is_wrong(self) -> bool:
        return self in (Severity.PROBLEM, Severity.WARNING)


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """sentence: what was found. consequence: what it means for whoever looks for devices.

    remedy: the command that mends it, or what to do where there is no command; None where
    nothing is wrong. evidence: what was read, by name.
    """

    check: str = ""  # the runner sets it
    severity: Severity
    sentence: str
    evidence: Evidence = field(default_factory=dict)
    consequence: str = ""
    remedy: str | None = None


def ok(sentence: str, **evidence: object) -> Finding:
    """All is well; the evidence says why we think so."""
    return Finding(severity=Severity.OK, sentence=sentence, evidence=evidence)


def unknown(sentence: str, consequence: str, remedy: str | None = None) -> Finding:
    """It could not be looked at: a note that says how it can be."""
    return Finding(
        severity=Severity.NOTE, sentence=sentence, consequence=consequence, remedy=remedy
    )
