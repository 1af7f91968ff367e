"""The results as docs/scorecard.md."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.scorecard.run import Outcome, Result

HEAD = """\
# Scorecard

Written by `make scorecard`: one scripted peer ([tests/scorecard](../tests/scorecard)), written from
the text of RFC 6762 and 6763 with a DNS codec of its own, against lanbridge and four others in one
laboratory: two links, IPv4; what is broken was tried twice. Sections are of RFC 6762 where nothing
else is said. ✓ kept · ✗ broken · – could not be tried. What was seen is below the table.

What takes longer or many starts (the distribution of delays, no announcements in an hour, intervals
up to an hour) is in `tests/mdns`, on a clock of its own.
"""


def document(results: Mapping[str, Result]) -> str:
    """Rules in rows, contestants in columns; then the evidence for what is not kept."""
    names = [f"{name} {result.version}" for name, result in results.items()]
    lines = [HEAD, "| § | rule | " + " | ".join(names) + " |"]
    lines.append("|---|---|" + ":-:|" * len(names))
    for row in zip(*(result.outcomes for result in results.values()), strict=True):
        case, signs = row[0].case, [one.sign for one in row]
        lines.append(f"| {case.rule} | {case.sentence} | " + " | ".join(signs) + " |")
    sums = [_sum(result.outcomes) for result in results.values()]
    lines.append("| | kept, of those tried | " + " | ".join(sums) + " |")
    for name, result in results.items():
        lines += ["", f"## {name}", ""]
        rest = [one for one in result.outcomes if not one.kept]
        lines += [_said(one) for one in rest] or ["Nothing is broken."]
    return "\n".join(lines) + "\n"


def _sum(outcomes: tuple[Outcome, ...]) -> str:
    tried = [one for one in outcomes if one.kept is not None]
    return f"{sum(bool(one.kept) for one in tried)}/{len(tried)}"


def _said(one: Outcome) -> str:
    return f"- {one.sign} {one.case.rule} {one.case.sentence}: {one.evidence}"
