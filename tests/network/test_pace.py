"""When to look: soon after a single change, seldom in a storm, always in the end."""

import pytest

from lanbridge.network.pace import (
    CALM_S,
    LONGEST_PATIENCE_S,
    LONGEST_QUIET_S,
    MAX_DOUBLINGS,
    Pace,
)


def looks(messages: list[float], *, changing: bool = True) -> list[float]:
    """The moments of the looks that messages at these moments cause."""
    pace, found = Pace(), []

    def pass_until(now_s: float) -> None:
        while pace.due_s is not None and pace.due_s <= now_s:
            at_s = pace.due_s
            found.append(at_s)
            pace.look()
            if changing:
                pace.changed(at_s)

    for at_s in messages:
        pass_until(at_s)
        pace.woken(at_s)
    pass_until(float("inf"))
    return found


def test_nothing_is_due_without_a_message() -> None:
    """Nor after a look."""
    pace = Pace()
    assert pace.due_s is None
    pace.woken(5.0)
    pace.look()
    pace.changed(5.1)
    assert pace.due_s is None


def test_a_message_during_a_look_asks_for_another() -> None:
    """What it tells of may have come too late for that look."""
    pace = Pace()
    pace.woken(5.0)
    pace.look()
    pace.woken(5.11)
    pace.changed(5.12)
    assert pace.due_s is not None


def test_a_single_change_is_looked_at_once_and_well_under_a_second_later() -> None:
    """Its messages come within milliseconds of each other."""
    assert looks([100.0, 100.001, 100.02]) == [pytest.approx(100.12)]


def test_twenty_flaps_in_ten_seconds_are_few_looks() -> None:
    """Down and up each time; the last look is less than two seconds after the last of them."""
    flaps = [number / 4 for number in range(40)]
    found = looks(flaps)
    assert len(found) <= 6
    assert flaps[-1] < found[-1] <= flaps[-1] + LONGEST_QUIET_S


def test_flapping_without_end_is_followed_once_a_minute() -> None:
    """Neither for ever in vain nor all the time."""
    found = looks([number / 4 for number in range(4 * 3_600)])
    assert found[-1] - found[-2] <= LONGEST_PATIENCE_S
    assert len([at_s for at_s in found if at_s > 600]) <= 51


def test_a_change_after_calm_is_a_single_one_again() -> None:
    """However much there was before."""
    storm = [number / 4 for number in range(400)]
    later = storm[-1] + CALM_S * MAX_DOUBLINGS + LONGEST_PATIENCE_S
    assert looks([*storm, later])[-1] == pytest.approx(later + 0.1)


def test_changes_that_take_their_time_are_each_looked_at_soon() -> None:
    """Somebody moves cables about: two looks may be as slow as that, and none slower."""
    changes = [number * 2 * CALM_S for number in range(50)]
    assert all(
        at_s - change_s <= 0.21 for change_s, at_s in zip(changes, looks(changes), strict=True)
    )


def test_messages_that_change_nothing_do_not_slow_it_down() -> None:
    """A router's advertisement every few seconds is one; a change after it is seen at once."""
    found = looks([number * 3.0 for number in range(50)], changing=False)
    assert found == [pytest.approx(number * 3.0 + 0.1) for number in range(50)]
