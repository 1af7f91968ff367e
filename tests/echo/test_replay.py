"""Sessions of WebSockets: numbers, what is kept of them, and heartbeats; time is a number here."""

import json

import pytest

from lanbridge.echo.replay import (
    MAX_IDLE_S,
    MAX_KEPT,
    MAX_KEPT_BYTES,
    MAX_MESSAGE_BYTES,
    MAX_OF_ONE_CLIENT,
    MAX_SESSIONS,
    Holder,
    Session,
    Sessions,
    TooLong,
)


def numbers(texts: list[str]) -> list[int]:
    """Of messages, as they were sent."""
    return [json.loads(text)["seq"] for text in texts]


def test_messages_are_numbered_and_kept() -> None:
    """What came after a number can be had again."""
    session = Session(0, 0.0)
    for word in "abc":
        session.say("echo", text=word)
    assert numbers(session.after(0)) == [1, 2, 3]
    assert json.loads(session.after(2)[0]) == {"type": "echo", "seq": 3, "text": "c"}
    assert session.after(3) == session.after(99) == []


def test_what_is_kept_is_bounded() -> None:
    """By number and by size; the latest stay."""
    session = Session(0, 0.0)
    for _ in range(MAX_KEPT + 10):
        session.say("echo")
    assert numbers(session.after(0)) == list(range(11, MAX_KEPT + 11))
    session.say("echo", text="a" * (MAX_KEPT_BYTES - 100))
    assert len(session.after(0)) <= 3
    session.say("echo", text="a" * MAX_KEPT_BYTES)
    assert session.after(0) == []
    session.say("echo")
    assert len(session.after(0)) == 1


def test_what_is_too_long_is_no_message() -> None:
    """It has no number, and what was kept is kept."""
    session = Session(0, 0.0)
    session.say("echo", text="a")
    with pytest.raises(TooLong):
        session.say("echo", text="a" * MAX_MESSAGE_BYTES)
    assert session.number == 1
    assert numbers(session.after(0)) == [1]


def test_heartbeats_of_an_absence() -> None:
    """Those that were due are made up for, as many as are kept, and none is made twice."""
    session = Session(2.0, 100.0)
    assert session.next_beat_s() == 102.0
    assert session.beats(101.9) == []
    assert numbers(session.beats(107.0)) == [1, 2, 3]
    assert session.beats(107.5) == []
    assert session.next_beat_s() == 108.0
    assert numbers(session.beats(100.0 + 2 * 1003)) == list(range(748, 1004))
    assert session.number == 1003


def test_without_heartbeats_there_are_none() -> None:
    """A session that asked for none has none, however late it is."""
    session = Session(0, 0.0)
    assert session.next_beat_s() is None
    assert session.beats(1e9) == []


def test_the_size_is_counted_in_bytes() -> None:
    """One emoji makes every letter of a text take four, and the limit is one of memory."""
    session = Session(0, 0.0)
    for _ in range(MAX_KEPT):
        session.say("echo", text="😀" * 200)
    kept = sum(len(text.encode()) for text in session.after(0))
    assert MAX_KEPT_BYTES - 1_000 < kept <= MAX_KEPT_BYTES


def holder(address: str = "192.168.1.20", told: list[str] | None = None) -> Holder:
    """A connection from there, which adds its address when it is told of its loss."""
    return Holder(address, lambda: (told if told is not None else []).append(address))


def hold(sessions: Sessions, name: str, by: Holder, now_s: float) -> tuple[Session, bool]:
    """The session that it was given."""
    held = sessions.hold(name, 0, by, now_s)
    assert held
    return held


def left(sessions: Sessions, now_s: float) -> Session:
    """A new session, whose connection has ended."""
    session, _ = hold(sessions, "new", one := holder(), now_s)
    sessions.leave(session, one, now_s)
    return session


def test_the_table_is_bounded() -> None:
    """The session that was left longest ago goes first, and an idle one after ten minutes."""
    sessions = Sessions()
    first, second = left(sessions, 0.0), left(sessions, 0.0)
    sessions.leave(hold(sessions, first.id, one := holder(), 1.0)[0], one, 1.0)
    for _ in range(MAX_SESSIONS - 1):
        left(sessions, 2.0)
    assert hold(sessions, first.id, one, 3.0) == (first, True)
    assert not hold(sessions, second.id, holder(), 3.0)[1]
    sessions.leave(first, one, 4.0)
    assert not hold(sessions, first.id, one, 4.1 + MAX_IDLE_S)[1]
    assert not hold(sessions, "guessed", one, 0.0)[1]


def test_a_session_in_use_is_not_forgotten() -> None:
    """However long it is held, and however many others come: it goes on for a new connection."""
    sessions, told = Sessions(), list[str]()
    session, known = hold(sessions, "new", first := holder("a", told), 0.0)
    assert not known
    for _ in range(MAX_SESSIONS):
        left(sessions, 1.0)
    second = holder("b", told)
    assert hold(sessions, session.id, second, 2 * MAX_IDLE_S) == (session, True)
    assert told == ["a"]
    sessions.leave(session, first, 2 * MAX_IDLE_S)
    assert session.holder is second


def test_all_sessions_are_in_use() -> None:
    """One more is refused until one is left, but not to take one over; and no client has all."""
    sessions = Sessions()
    holders = [holder(address) for address in "ab" for _ in range(MAX_OF_ONE_CLIENT)]
    all_of_a = [hold(sessions, "new", one, 0.0)[0] for one in holders[:MAX_OF_ONE_CLIENT]]
    assert sessions.hold("new", 0, holder("a"), 0.0) is None
    all_of_b = [hold(sessions, "new", one, 0.0)[0] for one in holders[MAX_OF_ONE_CLIENT:]]
    assert len(all_of_a + all_of_b) == MAX_SESSIONS
    assert sessions.hold("new", 0, holder("c"), 9e9) is None
    assert hold(sessions, all_of_b[0].id, holder("c"), 0.0) == (all_of_b[0], True)
    sessions.leave(all_of_a[0], holders[0], 1.0)
    assert not hold(sessions, "new", holder("c"), 1.0)[1]
