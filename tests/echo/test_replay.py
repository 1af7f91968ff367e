"""Sessions of WebSockets: numbers, what is kept of them, and heartbeats; time is a number here."""

import json

from lanbridge.echo.replay import (
    MAX_IDLE_S,
    MAX_KEPT,
    MAX_KEPT_BYTES,
    MAX_SESSIONS,
    Session,
    Sessions,
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


def test_the_table_is_bounded() -> None:
    """The session that was used longest ago goes first, and an idle one after ten minutes."""
    sessions = Sessions()
    first, second = sessions.begin(0, 0.0), sessions.begin(0, 0.0)
    assert sessions.find(first.id, 1.0) is first
    for _ in range(MAX_SESSIONS - 1):
        sessions.begin(0, 2.0)
    assert sessions.find(first.id, 3.0) is first
    assert sessions.find(second.id, 3.0) is None
    assert sessions.find(first.id, 4.0 + MAX_IDLE_S) is None
    assert sessions.find("guessed", 0.0) is None
