"""Asking: browse questions on their schedule, resolve questions when they are due.

RFC 6762 §5.2: the first query after a random 20 to 120 ms, the second a second later, then
each interval at least twice the one before, up to an hour. §5.4: the first asks for a unicast
answer; since that may reach another process on the shared port, the second never does.
"""

import random
from collections.abc import Callable, Iterable, Sequence

from lanbridge.core.names import SERVICE_META, fold
from lanbridge.core.records import Question, Record, RecordType
from lanbridge.mdns.engine import Link, Packet
from lanbridge.mdns.seeds import SEED_TYPES
from lanbridge.mdns.sockets import PORT
from lanbridge.mdns.wire import encode_query

FIRST_DELAY_S = (0.020, 0.120)
# "at least one second": a responder may have multicast its first answer, which got lost, 120 ms
# after the question, and must not multicast it again within a second (§6).
SECOND_AFTER_S = 1.15
LONGEST_INTERVAL_S = 3_600.0
SETTLED = 4  # queries after which a schedule has become slow enough to begin anew
TOGETHER_S = 0.1  # questions due this soon travel in one packet
DUPLICATE_S = 1.0  # another host's question counts as ours for so long, RFC 6762 §7.3

KnownAnswers = Callable[[str, str], Sequence[Record]]
"""(name, interface): the PTR records that need not be sent again."""


class _Plan:
    """When one browse question goes out next."""

    __slots__ = ("due_s", "heard_s", "interval_s", "sent", "sent_s", "spared")

    def __init__(self, due_s: float) -> None:
        self.heard_s: dict[int, float] = {}  # by link: when another host last asked the same
        self.spared: set[int] = set()  # links on which the last question was left to another
        self.sent = 0
        self.sent_s = 0.0
        self.interval_s = SECOND_AFTER_S
        self.due_s = due_s

    def passed(self, now_s: float) -> None:
        self.sent += 1
        self.sent_s = now_s
        self.due_s = now_s + self.interval_s
        self.interval_s = min(self.interval_s * 2, LONGEST_INTERVAL_S)

    def is_spared(self, link: int, now_s: float) -> bool:
        """Whether another host has just asked this; never twice running.

        Whoever repeats our question to us alone would keep us from ever being answered.
        """
        asked = now_s - self.heard_s.get(link, float("-inf")) < DUPLICATE_S
        if self.sent == 0 or not asked or link in self.spared:
            self.spared.discard(link)
            return False
        self.spared.add(link)
        return True


class Browser:
    """`names`: what to browse for (`_http._tcp.local`); None is every type there is.

    first_delay_s: the range of the random delay before the first query.
    """

    def __init__(
        self,
        names: Iterable[str] | None,
        known_answers: KnownAnswers,
        first_delay_s: tuple[float, float] = FIRST_DELAY_S,
    ) -> None:
        self._first_delay_s = first_delay_s
        self._everything = names is None
        self._names = [SERVICE_META, *SEED_TYPES] if names is None else list(names)
        self._known_answers = known_answers
        self._plans: dict[str, _Plan] = {}
        self._next_due_s: float | None = None

    def start(self, now_s: float) -> None:
        """Ask everything from the beginning: at the start, or when a link is new."""
        # One packet, one delay: the questions of one start belong together.
        due_s = now_s + random.uniform(*self._first_delay_s)  # noqa: S311  # no secret
        for name in (*self._names, *self._plans):
            self._plans[name] = _Plan(due_s)
        self._look_ahead()

    def learn(self, names: Iterable[str], now_s: float) -> None:
        """Browse for types that somebody was heard to offer."""
        if self._everything:
            for name in names:
                if name not in self._plans:
                    delay_s = random.uniform(*FIRST_DELAY_S)  # noqa: S311  # no secret
                    self._plans[name] = _Plan(now_s + delay_s)
                    self._look_ahead()

    def again(self, names: Iterable[str], now_s: float) -> None:
        """Ask for these from the beginning, unless they have just been asked for."""
        for name in names:
            plan = self._plans.get(name)
            if plan is not None and plan.sent > SETTLED:
                self._plans[name] = _Plan(now_s + SECOND_AFTER_S)
        self._look_ahead()

    def hear(self, packet: Packet, now_s: float) -> None:
        """RFC 6762 §7.3: the same QM question of another host is as good as ours.

        If it knows no answer that we would not name as known too.
        """
        message, link = packet.message, packet.link
        if not packet.multicast or packet.port != PORT or message.is_truncated:
            return
        if link.has(packet.source):
            return
        for question in message.questions:
            plan = self._plans.get(name := fold(question.name))
            if plan is None or question.unicast or question.type != RecordType.PTR:
                continue
            theirs = {str(one.data) for one in message.records if fold(one.name) == name}
            # Most name none, and of a type with thousands of instances ours take a while.
            if not theirs or theirs <= {
                str(one.data) for one in self._known_answers(name, link.name)
            }:
                plan.heard_s[link.index] = now_s

    def next_due(self) -> float | None:
        """Asked after every packet, so it is worked out only when a plan changes."""
        return self._next_due_s

    def _look_ahead(self) -> None:
        self._next_due_s = min((plan.due_s for plan in self._plans.values()), default=None)

    def asked_twice_s(self) -> float | None:
        """When the last second query went out; None while one is still to come."""
        plans = self._plans.values()
        if any(plan.sent < 2 for plan in plans):
            return None
        return max((plan.sent_s for plan in plans if plan.sent == 2), default=0.0)

    def send_due(self, links: Iterable[Link], now_s: float) -> None:
        due = [name for name, plan in self._plans.items() if plan.due_s <= now_s]
        if not due:
            return
        due += [
            name for name, plan in self._plans.items() if now_s < plan.due_s <= now_s + TOGETHER_S
        ]
        for link in links:
            asked = [
                (
                    Question(name, RecordType.PTR, unicast=self._plans[name].sent == 0),
                    self._known_answers(name, link.name),
                )
                for name in due
                if not self._plans[name].is_spared(link.index, now_s)
            ]
            for packet in encode_query(asked, link.payload_bytes):
                link.multicast(packet)
        for name in due:
            self._plans[name].passed(now_s)
        self._look_ahead()


def ask(
    links: Iterable[Link],
    questions: Sequence[Question],
    known_answers: KnownAnswers,
    family: int | None = None,
) -> None:
    """Send resolve or refresh questions on every link, over one family where it has that one.

    RFC 6762 §7.1: whoever asks for PTR records names those it has: a type with a hundred
    instances would answer with all of them each time one is to be refreshed.
    """
    for link in links if questions else ():
        asked = [
            (one, known_answers(one.name, link.name) if one.type == RecordType.PTR else ())
            for one in questions
        ]
        for packet in encode_query(asked, link.payload_bytes):
            link.multicast(packet, family)
