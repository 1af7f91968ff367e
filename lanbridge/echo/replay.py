"""WebSocket sessions: numbered messages, kept so that who comes back gets what it missed. Pure.

A phone's sockets die five seconds after the mini-program went to the background.
"""

import json
import secrets
from collections import OrderedDict, deque

MAX_SESSIONS = 64  # the one that was used longest ago is forgotten for a new one
MAX_IDLE_S = 600.0
MAX_KEPT = 256  # messages of one session
MAX_KEPT_BYTES = 65_536  # of one session, so 4 MiB of all


class Session:
    """Numbers its messages from 1 on, and keeps the latest. Times are of any steady clock.

    beat_s: seconds between two heartbeats, messages of the server's own; 0 for none. Those that
    fall due while nobody is there are made up for at the return: they are what was missed.
    holder: counts the connections that took the session; only the last one has it.
    """

    def __init__(self, beat_s: float, now_s: float) -> None:
        self.id = secrets.token_urlsafe(9)
        self.number = 0
        self.holder = 0
        self.touched_s = now_s
        self._beat_s = beat_s
        self._beaten_s = now_s
        self._kept: deque[tuple[int, str]] = deque()
        self._kept_bytes = 0

    def say(self, kind: str, **content: object) -> str:
        """The next message, as it is to be sent."""
        self.number += 1
        text = json.dumps({"type": kind, "seq": self.number, **content}, ensure_ascii=False)
        self._kept.append((self.number, text))
        self._kept_bytes += len(text)
        while len(self._kept) > MAX_KEPT or self._kept_bytes > MAX_KEPT_BYTES:
            self._kept_bytes -= len(self._kept.popleft()[1])
        return text

    def after(self, number: int) -> list[str]:
        """What was said after this number, as far as it is kept."""
        return [text for kept, text in self._kept if kept > number]

    def next_beat_s(self) -> float | None:
        """When a heartbeat is due."""
        return self._beaten_s + self._beat_s if self._beat_s else None

    def beats(self, now_s: float) -> list[str]:
        """The heartbeats that are due. Of a long absence, only as many as can be kept."""
        due = int((now_s - self._beaten_s) / self._beat_s) if self._beat_s else 0
        self._beaten_s += due * self._beat_s
        self.number += max(0, due - MAX_KEPT)
        return [self.say("beat") for _ in range(min(due, MAX_KEPT))]


class Sessions:
    """All that are remembered."""

    def __init__(self) -> None:
        self._sessions: OrderedDict[str, Session] = OrderedDict()  # the longest idle first

    def find(self, name: str, now_s: float) -> Session | None:
        """The session of this id, unless it was idle for too long."""
        session = self._sessions.get(name)
        if session is None or session.touched_s + MAX_IDLE_S < now_s:
            return None
        session.touched_s = now_s
        self._sessions.move_to_end(name)
        return session

    def begin(self, beat_s: float, now_s: float) -> Session:
        """A new session."""
        session = Session(beat_s, now_s)
        self._sessions[session.id] = session
        if len(self._sessions) > MAX_SESSIONS:
            self._sessions.popitem(last=False)
        return session
