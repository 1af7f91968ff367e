"""The life of a record: heard, asked for again, flushed, withdrawn, ended."""

from ipaddress import IPv4Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lanbridge.core.cache import (
    GOODBYE_S,
    MAX_ENTRIES,
    MAX_TTL_S,
    REFRESH_POINTS,
    SILENT_AFTER,
    Entry,
    RecordSet,
)
from lanbridge.core.deadlines import VOID
from lanbridge.core.records import Record, RecordType

LAMP = "lamp.local"


class Set(RecordSet):
    """A record set and its clock; `planned` holds the entries whose deadline came nearer."""

    def __init__(self) -> None:
        super().__init__(LAMP, RecordType.A)
        self.now_s = 1_000.0
        self.planned: list[Entry] = []

    def a(
        self,
        last: int,
        ttl_s: int = 120,
        *,
        flush: bool = False,
        on: str = "eth0",
        after_s: float = 0,
    ) -> bool:
        """Hear 10.0.0.last."""
        self.now_s += after_s
        self.planned.clear()
        record = Record(LAMP, RecordType.A, ttl_s, IPv4Address(f"10.0.0.{last}"), flush)
        return self.hear(on, record, self.now_s, self.planned.append)

    def left_s(self) -> list[float]:
        """The seconds that each entry has left, in order of hearing."""
        return [entry.expires_s - self.now_s for entry in self.entries.values()]


def test_a_new_record_changes_the_set_and_the_same_again_does_not() -> None:
    """It lives its whole TTL from the last time it was heard, and is planned each time."""
    records = Set()
    assert records.a(7)
    assert not records.a(7, after_s=50)
    assert records.left_s() == [120]
    assert records.planned == list(records.entries.values())


def test_one_record_heard_on_two_links_is_two_entries() -> None:
    """A link that goes takes its own with it."""
    records = Set()
    assert records.a(7)
    assert records.a(7, on="wlan0")
    assert len(records.entries) == 2


@pytest.mark.parametrize(
    ("ttl_s", "lives_s"),
    [(1, 1), (MAX_TTL_S, MAX_TTL_S), (MAX_TTL_S + 1, MAX_TTL_S), (2**32 - 1, MAX_TTL_S)],
)
def test_no_ttl_is_believed_for_more_than_a_day(ttl_s: int, lives_s: int) -> None:
    """RFC 1035 allows 136 years."""
    records = Set()
    records.a(7, ttl_s)
    assert records.left_s() == [lives_s]


class TestGoodbye:
    """RFC 6762 §10.1."""

    def test_it_has_one_second_left(self) -> None:
        """And a second goodbye does not prolong it."""
        records = Set()
        records.a(7)
        assert records.a(7, 0, after_s=10)
        assert records.left_s() == [GOODBYE_S]
        assert not records.a(7, 0, after_s=0.5)
        assert records.left_s() == [GOODBYE_S - 0.5]

    def test_it_does_not_prolong_what_ends_sooner(self) -> None:
        """A record with half a second left has half a second left."""
        records = Set()
        records.a(7, 1)
        records.a(7, 0, after_s=0.5)
        assert records.left_s() == [0.5]

    def test_it_is_taken_back_by_hearing_the_record_again(self) -> None:
        """Which is a change: a reader was told that it goes."""
        records = Set()
        records.a(7)
        records.a(7, 0)
        assert records.a(7, after_s=0.5)
        assert records.left_s() == [120]

    def test_of_something_unknown_it_is_nothing(self) -> None:
        """No entry is made for it."""
        records = Set()
        assert not records.a(7, 0)
        assert not records.entries


class TestFlush:
    """RFC 6762 §10.2."""

    def test_what_was_heard_more_than_a_second_ago_goes(self) -> None:
        """In a second."""
        records = Set()
        records.a(7)
        assert records.a(8, flush=True, after_s=1.25)
        assert records.left_s() == [GOODBYE_S, 120]
        assert len(records.planned) == 2

    @pytest.mark.parametrize(
        ("after_s", "on", "flush"),
        [(0.875, "eth0", True), (60.0, "wlan0", True), (60.0, "eth0", False)],
        ids=["same burst", "another link", "a shared record"],
    )
    def test_what_stays(self, after_s: float, on: str, *, flush: bool) -> None:
        """The bit speaks for its own link, and not for the packets of one announcement."""
        records = Set()
        records.a(7)
        records.a(8, flush=flush, on=on, after_s=after_s)
        assert records.left_s() == [120 - after_s, 120]

    def test_the_flushed_is_not_the_newest(self) -> None:
        """Whatever is heard with a flush replaces what was there."""
        records = Set()
        records.a(7)
        records.a(8, flush=True, after_s=2)
        newest = records.newest()
        assert newest is not None
        assert newest.data == IPv4Address("10.0.0.8")

    def test_a_goodbye_with_the_bit_flushes_too(self) -> None:
        """Avahi sets it on goodbyes of unique records."""
        records = Set()
        records.a(7)
        records.a(8, after_s=2)
        assert records.a(8, 0, flush=True, after_s=2)
        assert records.left_s() == [GOODBYE_S, GOODBYE_S]


class TestRefresh:
    """RFC 6762 §5.2."""

    @given(st.integers(1, MAX_TTL_S), st.floats(0, 1e7))
    def test_the_points_are_where_the_rfc_has_them(self, ttl_s: int, heard_s: float) -> None:
        """At 80, 85, 90 and 95 % of the lifetime, each up to 2 % later, then at its end."""
        entry = Entry("eth0", IPv4Address("10.0.0.7"), ttl_s, heard_s)
        for point in REFRESH_POINTS:
            due_s = entry.due_s() - heard_s
            assert point * ttl_s - 1e-6 <= due_s <= (point + 0.02) * ttl_s + 1e-6
            assert entry.due_s() < entry.expires_s
            entry.asked += 1
        assert entry.due_s() == entry.expires_s == heard_s + ttl_s

    def test_what_was_heard_within_moments_is_asked_for_at_one(self) -> None:
        """In one packet then; another host, whose clock began elsewhere, asks at another moment."""
        due_s = {Entry("eth0", b"", 120, 1_000 + at / 50).due_s() for at in range(50)}
        assert len(due_s) <= 2
        other = Entry("eth0", b"", 120, 1_000 + 12_345.67).due_s() - 12_345.67
        assert min(abs(other - at_s) for at_s in due_s) > 0.01

    def test_what_says_goodbye_is_not_asked_for(self) -> None:
        """It is only looked at when it ends."""
        entry = Entry("eth0", IPv4Address("10.0.0.7"), 120, 0.0)
        entry.leave(90.0)
        assert entry.due_s() == entry.expires_s == 91.0

    def test_silent_is_when_none_answers(self) -> None:
        """One record that is still refreshed is a sign of life; no record is no silence."""
        records = Set()
        assert not records.silent
        records.a(7)
        records.a(8)
        one, other = records.entries.values()
        assert [one.ask() for _ in range(SILENT_AFTER + 1)] == [False, False, True, False]
        assert not records.silent
        assert any(other.ask() for _ in range(SILENT_AFTER))
        assert records.silent
        assert records.a(7)
        assert not records.silent


def test_a_set_has_room_for_so_many() -> None:
    """The newcomer is refused; those that are there are refreshed."""
    records = Set()
    for number in range(MAX_ENTRIES):
        assert records.a(number)
    assert not records.a(200)
    assert not records.a(0, after_s=10)
    assert len(records.entries) == MAX_ENTRIES
    assert records.left_s()[0] == 120


def test_what_is_dropped_and_cleared_is_gone() -> None:
    """And a cleared entry has no plan any more."""
    records = Set()
    records.a(7)
    records.a(8)
    one, other = records.entries.values()
    records.drop(one)
    assert list(records.entries.values()) == [other]
    other.planned_s = 5.0
    records.clear()
    assert (records.newest(), other.planned_s) == (None, VOID)
