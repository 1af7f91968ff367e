"""The rules of RFC 6762 and 6763, tried by the peer of the scorecard on lanbridge alone."""

from __future__ import annotations

import pytest

from tests.scorecard.contestants import CONTESTANTS
from tests.scorecard.run import run


@pytest.mark.timeout(240)  # some sixty rules, most of them waits of a second
def test_lanbridge_keeps_every_rule_of_the_scorecard() -> None:
    """`make scorecard` writes the same rows, and those of others, to docs/scorecard.md."""
    (lanbridge,) = (one for one in CONTESTANTS if one.name == "lanbridge")
    outcomes = run(lanbridge).outcomes
    assert [one for one in outcomes if not one.kept] == []
    assert len(outcomes) >= 60
