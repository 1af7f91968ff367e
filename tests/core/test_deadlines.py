"""The heap of plans: nothing planned is lost, and nothing makes it grow without end."""

from hypothesis import given
from hypothesis import strategies as st

from lanbridge.core.deadlines import VOID, Deadlines


class Thing:
    """Something that is planned."""

    def __init__(self, name: int = 0) -> None:
        self.name = name
        self.planned_s = VOID


def test_what_is_due_comes_in_order_and_once() -> None:
    """Whatever order it was planned in; what is due later stays."""
    deadlines: Deadlines[tuple[Thing]] = Deadlines()
    things = [Thing(number) for number in range(4)]
    for at_s, thing in zip((3.0, 1.0, 2.0, 9.0), things, strict=True):
        deadlines.plan(at_s, (thing,))
    assert [thing.name for (thing,) in deadlines.due(3.0)] == [1, 2, 0]
    assert list(deadlines.due(3.0)) == []
    assert deadlines.next_s() == 9.0


def test_the_next_few_come_with_their_times_though_they_are_not_due() -> None:
    """And have no plan then, unless they are planned anew."""
    deadlines: Deadlines[tuple[Thing]] = Deadlines()
    things = [Thing(number) for number in range(4)]
    for at_s, thing in zip((3.0, 1.0, 2.0, 9.0), things, strict=True):
        deadlines.plan(at_s, (thing,))
    deadlines.plan(0.5, (things[0],))
    taken = [(at_s, thing.name) for at_s, (thing,) in deadlines.next_few(3)]
    assert taken == [(0.5, 0), (1.0, 1), (2.0, 2)]
    assert deadlines.next_few(3) == [(9.0, (things[3],))]
    assert deadlines.next_few(3) == []


def test_an_earlier_plan_stays_and_a_later_one_is_ignored() -> None:
    """Whoever is looked at early plans anew then."""
    deadlines: Deadlines[tuple[Thing]] = Deadlines()
    thing = Thing()
    deadlines.plan(5.0, (thing,))
    deadlines.plan(9.0, (thing,))
    assert deadlines.next_s() == 5.0
    assert list(deadlines.due(5.0)) == [(thing,)]
    assert thing.planned_s == VOID
    assert deadlines.next_s() is None


def test_a_nearer_plan_makes_the_older_one_void() -> None:
    """It is looked at once, at the nearer time."""
    deadlines: Deadlines[tuple[Thing]] = Deadlines()
    thing = Thing()
    for at_s in (9.0, 5.0):
        deadlines.plan(at_s, (thing,))
    assert list(deadlines.due(20.0)) == [(thing,)]


def test_what_is_void_is_not_looked_at() -> None:
    """A service that is forgotten."""
    deadlines: Deadlines[tuple[Thing]] = Deadlines()
    thing = Thing()
    deadlines.plan(5.0, (thing,))
    thing.planned_s = VOID
    assert list(deadlines.due(9.0)) == []


def test_what_is_planned_while_reading_is_read_when_it_is_due() -> None:
    """The registry plans the next look from within the look."""
    deadlines: Deadlines[tuple[Thing]] = Deadlines()
    thing = Thing()
    deadlines.plan(1.0, (thing,))
    seen = []
    for _ in deadlines.due(3.0):
        seen.append(thing.planned_s)
        if len(seen) < 5:
            deadlines.plan(len(seen) + 1.0, (thing,))
    assert len(seen) == 3
    assert deadlines.next_s() == 4.0


def test_void_plans_do_not_pile_up() -> None:
    """A stranger who alternates goodbye and announcement plans for ever nearer and farther."""
    deadlines: Deadlines[tuple[Thing]] = Deadlines()
    kept = [Thing(number) for number in range(100)]
    for thing in kept:
        deadlines.plan(1e6 + thing.name, (thing,))
    restless = Thing()
    for number in range(50_000):
        restless.planned_s = VOID
        deadlines.plan(2e6 - number, (restless,))
        assert len(deadlines) <= 1_025
    due = [thing for (thing,) in deadlines.due(3e6)]
    assert due == [*kept, restless]


steps = st.lists(
    st.one_of(
        st.tuples(st.just("plan"), st.integers(0, 4), st.integers(0, 40)),
        st.tuples(st.just("void"), st.integers(0, 4), st.just(0)),
        st.tuples(st.just("due"), st.just(0), st.integers(0, 40)),
    ),
    max_size=60,
)


@given(steps)
def test_no_plan_is_lost(steps: list[tuple[str, int, int]]) -> None:
    """Against a table of what is planned: the same things fall due, each once, none late."""
    deadlines: Deadlines[tuple[Thing]] = Deadlines()
    things = [Thing(number) for number in range(5)]
    table: dict[int, float] = {}
    for step, name, at in steps:
        if step == "plan":
            deadlines.plan(float(at), (things[name],))
            table[name] = min(float(at), table.get(name, float(at)))
        elif step == "void":
            things[name].planned_s = VOID
            table.pop(name, None)
        else:
            due = {thing.name for (thing,) in deadlines.due(float(at))}
            assert due == {name for name, at_s in table.items() if at_s <= at}
            table = {name: at_s for name, at_s in table.items() if at_s > at}
        next_s = deadlines.next_s()
        # A void plan may wake the registry too early, but nothing wakes it too late.
        assert not table or (next_s is not None and next_s <= min(table.values()))
