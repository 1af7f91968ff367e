"""`make scorecard`: run every contestant, write docs/scorecard.md. Runs in the laboratory."""

from __future__ import annotations

import sys
from pathlib import Path

from tests.scorecard.contestants import CONTESTANTS
from tests.scorecard.run import run
from tests.scorecard.table import document

DOCUMENT = Path(__file__).parents[2] / "docs/scorecard.md"


def main(names: list[str]) -> None:
    """Run those named; all of them, and the document is written."""
    chosen = [one for one in CONTESTANTS if not names or one.name in names]
    results = {}
    for contestant in chosen:
        results[contestant.name] = run(contestant)
        for outcome in results[contestant.name].outcomes:
            case = outcome.case
            said = f"{outcome.sign} {case.rule} {case.sentence}: {outcome.evidence}"
            sys.stdout.write(f"{contestant.name} {said}\n")
    if not names:
        DOCUMENT.write_text(document(results))


if __name__ == "__main__":
    main(sys.argv[1:])
