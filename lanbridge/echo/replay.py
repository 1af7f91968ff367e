"""WebSocket sessions: numbered messages, kept so that who comes back gets what it missed. Pure.

A phone's sockets die five seconds after the mini-program went to the background.
"""

import json
import secrets
from collections import OrderedDict, deque
from collections.abc import Callable
from typing import NamedTuple

MAX_SESSIONS = 64  # the one that nobody has had for longest is forgotten for a new one
MAX_OF_ONE_CLIENT = 32  # in use. The attack: have all of them, for as long as one likes
MAX_IDLE_S = 600.0
MAX_KEPT = 256  # messages of one session
MAX_KEPT_BYTES = 65_536  # of one session, so 4 MiB of all
# Base64 of the longest message, and more. The server counts messages as they came, while what we
# say of them waits to be read. The attack: control characters, six times as long in JSON.
MAX_MESSAGE_BYTES = 1_500_000


class TooLong(Exception):
    """A message would have more than MAX_MESSAGE_BYTES."""


class Holder(NamedTuple):
    """A connection that has a session. lose: called when another one takes it."""

    address: str
    lose: Callable[[], None]


class Session:
    """Numbers its messages from 1 on, and keeps the latest. Times are of any steady clock.

    beat_s: seconds between two heartbeats, messages of the server's own; 0 for none. Those that
    fall due while nobody is there are made up for at the return: they are what was missed.
    touched_s: when the last holder left.
    """

    def __init__(self, beat_s: float, now_s: float) -> None:
        self.id = secrets.token_urlsafe(9)
        self.number = 0
        self.holder: Holder | None = None
        self.touched_s = now_s
        self._beat_s = beat_s
        self._beaten_s = now_s
        self._kept: deque[tuple[int, bytes]] = deque()
        self._kept_bytes = 0

    def say(self, kind: str, **content: object) -> str:
        """The next message, as it is to be sent. Raises TooLong, and then there is none."""
        about = {"type": kind, "seq": self.number + 1, **content}
        text = json.dumps(about, ensure_ascii=False)
        # In UTF-8: as text, a single emoji makes each letter take four bytes.
        kept = text.encode()
        if len(kept) > MAX_MESSAGE_BYTES:
            raise TooLong
        self.number += 1
        self._kept.append((self.number, kept))
        self._kept_bytes += len(kept)
        while len(self._kept) > MAX_KEPT or self._kept_bytes > MAX_KEPT_BYTES:
            self._kept_bytes -= len(self._kept.popleft()[1])
        return text

    def after(self, number: int) -> list[str]:
        """What was said after this number, as far as it is kept."""
        return [text.decode() for kept, text in self._kept if kept > number]

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
    """All that are remembered. One that a connection has is neither idle nor forgotten."""

    def __init__(self) -> None:
        self._sessions: OrderedDict[str, Session] = OrderedDict()  # the longest left first

    def hold(
        self, name: str, beat_s: float, holder: Holder, now_s: float
    ) -> tuple[Session, bool] | None:
        """The session of this id, or a new one; and whether it was known.

        None where that would be one more in use, and all are, or too many by this client.
        """
        found = self._sessions.get(name)
        if found and not found.holder and found.touched_s + MAX_IDLE_S < now_s:
            found = None
        if found and found.holder:
            found.holder.lose()
        else:
            each = self._sessions.values()
            holding = [one.holder.address for one in each if one.holder]
            here = holding.count(holder.address)
            if len(holding) >= MAX_SESSIONS or here >= MAX_OF_ONE_CLIENT:
                return None
        session = found or self._begin(beat_s, now_s)
        session.holder = holder
        return session, bool(found)

    def leave(self, session: Session, holder: Holder, now_s: float) -> None:
        """It may come back, unless another has taken the session."""
        if session.holder is holder:
            session.holder, session.touched_s = None, now_s
            self._sessions.move_to_end(session.id)

    def _begin(self, beat_s: float, now_s: float) -> Session:
        if len(self._sessions) >= MAX_SESSIONS:
            left = next(one for one in self._sessions.values() if not one.holder)
            del self._sessions[left.id]
        session = Session(beat_s, now_s)
        self._sessions[session.id] = session
        return session
