"""What a benchmark found: the table for people, the JSON for the record, the verdict."""

from __future__ import annotations

import json
import os
import platform
import sys
from dataclasses import asdict, dataclass, field
from importlib.metadata import version
from statistics import median
from typing import TYPE_CHECKING, Any

from benchmarks import picture

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True)
class Check:
    """One target: `value` must be at least, or at most, `limit`."""

    what: str
    value: float
    limit: float
    at_least: bool = False

    @property
    def met(self) -> bool:
        return self.value >= self.limit if self.at_least else self.value <= self.limit

    def __str__(self) -> str:
        bound = "at least" if self.at_least else "at most"
        verdict = "met" if self.met else "MISSED"
        return f"{verdict:7} {self.what}: {self.value:.4g} ({bound} {self.limit:g})"


@dataclass
class Result:
    """`runs`: the measured values in `unit`, by contender; `facts`: told, but not judged."""

    name: str
    title: str
    unit: str
    runs: dict[str, list[float]]
    checks: list[Check]
    facts: dict[str, float] = field(default_factory=dict)

    @property
    def met(self) -> bool:
        return all(check.met for check in self.checks)

    @property
    def medians(self) -> dict[str, float]:
        return {who: median(values) for who, values in self.runs.items() if values}

    def table(self) -> str:
        """Everything as text, a line each."""
        rows = [self.title]
        width = max(len(name) for name in (*self.runs, *self.facts))
        for who, values in self.runs.items():
            if values:
                low, high = min(values), max(values)
                rows.append(
                    f"  {who:{width}}  median {median(values):8.4g} {self.unit}"
                    f"  ({low:.4g} to {high:.4g}, {len(values)} runs)"
                )
        rows += [f"  {name:{width}}  {value:.5g}" for name, value in self.facts.items()]
        return "\n".join([*rows, *(f"  {check}" for check in self.checks)])

    def write(self, directory: Path) -> None:
        """Write NAME.json and NAME.svg."""
        directory.mkdir(exist_ok=True)
        document = {
            "version": 1,
            "benchmark": self.name,
            "title": self.title,
            "machine": machine(),
            "unit": self.unit,
            "medians": _rounded(self.medians),
            "checks": [_rounded(asdict(check) | {"met": check.met}) for check in self.checks],
            "facts": _rounded(self.facts),
            "runs": _rounded(self.runs),
        }
        text = json.dumps(document, indent=2, ensure_ascii=False)
        (directory / f"{self.name}.json").write_text(text + "\n")
        drawn = picture.draw(
            self.title,
            self.runs,
            self.unit,
            [str(check) for check in self.checks],
            ", ".join(f"{key} {value}" for key, value in machine().items()),
        )
        (directory / f"{self.name}.svg").write_text(drawn)


def machine() -> dict[str, str]:
    """What kind of machine this is; nothing that tells which one."""
    return {
        "CPUs": str(os.cpu_count()),
        "architecture": platform.machine(),
        "Python": platform.python_version(),
        "system": sys.platform,
        "zeroconf": version("zeroconf"),
    }


def ratio(runs: dict[str, list[float]], upper: str, lower: str) -> float:
    """Median over median; infinite where the one has no run that ended well."""
    if not runs[upper] or not runs[lower]:
        return float("inf")
    return median(runs[upper]) / median(runs[lower])


def _rounded(value: Any) -> Any:
    if isinstance(value, float):
        return float(f"{value:.5g}")
    if isinstance(value, dict):
        return {key: _rounded(held) for key, held in value.items()}
    if isinstance(value, list):
        return [_rounded(held) for held in value]
    return value
