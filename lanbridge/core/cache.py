"""Resource records with a lifetime: cache-flush, goodbye and refresh (RFC 6762 §5.2, §10)."""

from collections.abc import Callable
from math import ceil

from lanbridge.core.deadlines import VOID
from lanbridge.core.records import Rdata, Record, RecordType

MAX_TTL_S = 86_400  # a stranger may claim 2^32-1 s (136 years); nothing is believed for longer
# Per name and type: one host that announces a new address, or a new text, per packet fills this.
MAX_ENTRIES = 64
MAX_TEXTS = 4
GOODBYE_S = 1.0  # RFC 6762 §10.1: "set the record's TTL to 1" and delete it one second later

# RFC 6762 §5.2: "the querier should plan to issue a query at 80% of the record lifetime, and
# then if no answer is received, at 85%, 90%, and 95%", each with a random variation of 2 %.
REFRESH_POINTS, VARIATION = (0.80, 0.85, 0.90, 0.95), 0.02
EARLIEST = 0.5  # of its lifetime, when another question leaves anyhow that it can travel with
SILENT_AFTER = 3  # unanswered refresh questions that make a service stale

# RFC 6762 §10.4: who doubts a record should "issue two or more queries" for it, and if no answer
# comes "within ten seconds", drop it. Four, for packets get lost, and a responder that has just
# multicast its answer must not do so again within a second.
VERIFY_POINTS_S = (0.0, 1.1, 3.0, 6.0)
VERIFY_S = 10.0
LOST_LINK_S = 10  # how long a record outlives the link it was heard on


class Entry:
    """One record as heard on one link. Times are monotonic seconds."""

    __slots__ = (
        "asked",
        "away",
        "data",
        "doubted_s",
        "expires_s",
        "goodbye",
        "heard_s",
        "interface",
        "planned_s",
        "silent",
        "ttl_s",
    )

    def __init__(self, interface: str, data: Rdata, ttl_s: int, now_s: float) -> None:
        self.interface = interface
        self.data = data
        self.planned_s = VOID
        self.away = False  # its link is gone
        self.refresh(ttl_s, now_s)

    def refresh(self, ttl_s: int, now_s: float) -> None:
        self.ttl_s = min(ttl_s, MAX_TTL_S)
        self.heard_s = now_s
        self.expires_s = now_s + self.ttl_s
        self.asked = 0
        self.silent = False
        self.goodbye = False
        self.doubted_s = VOID

    def ask(self) -> bool:
        """It is asked for; True where that has now been in vain often enough to say so."""
        self.asked += 1
        told, self.silent = self.silent, self.silent or self.asked >= SILENT_AFTER
        return self.silent and not told

    def may_be_renewed(self, now_s: float) -> bool:
        """Whether to ask for it at the first occasion, though it is early."""
        fresh = self.asked or self.goodbye or self.doubted_s > VOID
        return not fresh and now_s >= self.heard_s + self.ttl_s * EARLIEST

    def doubt(self, at_s: float, *, along: bool = False) -> bool:
        """Verify it from `at_s` on; False if that is under way, or it is going anyhow.

        along: the first question is about another record, whose answer brings this one.
        """
        if self.goodbye or self.away or self.doubted_s > VOID:
            return False
        self.end_by(at_s + VERIFY_S)
        self.doubted_s = at_s
        if self.asked < SILENT_AFTER:  # else it is being asked for in vain already
            self.asked = int(along)
        return True

    def end_by(self, at_s: float) -> None:
        self.expires_s = min(self.expires_s, at_s)

    def lose_link(self, now_s: float) -> None:
        """Nobody can be asked; it outlives its link for a moment."""
        self.away = self.silent = True
        self.asked = len(REFRESH_POINTS)
        self.end_by(now_s + LOST_LINK_S)

    def find_link(self, now_s: float) -> None:
        """It is back, or may be another network: verify before the record is given up.

        Its life may have run out while this host slept, and nobody was asked then. What was
        silent is so until it is heard.
        """
        self.away = False
        self.asked = 0
        self.doubted_s = now_s
        self.expires_s = now_s + VERIFY_S

    def leave(self, now_s: float) -> None:
        """RFC 6762 §10.1: one second more."""
        self.goodbye = True
        self.end_by(now_s + GOODBYE_S)

    def due_s(self) -> float:
        """When to look at this entry next: a refresh question, or its end."""
        if self.asked >= len(REFRESH_POINTS) or self.goodbye:
            return self.expires_s
        if self.doubted_s > VOID:
            return min(self.expires_s, self.doubted_s + VERIFY_POINTS_S[self.asked])
        # The variation goes to the next multiple of itself: questions about records with one TTL
        # come due together and share a packet, on each host at moments of its own.
        step_s = self.ttl_s * VARIATION
        due_s = ceil((self.heard_s + self.ttl_s * REFRESH_POINTS[self.asked]) / step_s) * step_s
        return min(self.expires_s, due_s)


class RecordSet:
    """The live records of one name and type, from every link."""

    __slots__ = ("entries", "name", "type")

    def __init__(self, name: str, type_: int) -> None:
        self.name = name
        self.type = type_
        self.entries: dict[tuple[str, Rdata], Entry] = {}

    def hear(
        self, interface: str, record: Record, now_s: float, plan: Callable[[Entry], None]
    ) -> bool:
        """Take one record in; returns whether that changes what the set says.

        plan: called for each entry whose deadline is new or has come nearer.
        """
        changed = bool(
            record.flush and self.entries and self._flush(interface, record, now_s, plan)
        )
        key = (interface, record.data)
        entry = self.entries.get(key)
        if record.ttl_s == 0:
            if entry is None or entry.goodbye:
                return changed
            entry.leave(now_s)
            plan(entry)
            return True
        if entry is not None:
            changed |= entry.goodbye or entry.silent
            entry.refresh(record.ttl_s, now_s)
        elif len(self.entries) < (MAX_TEXTS if self.type == RecordType.TXT else MAX_ENTRIES):
            entry = self.entries[key] = Entry(interface, record.data, record.ttl_s, now_s)
            changed = True
        else:
            return changed
        plan(entry)
        return changed

    def _flush(
        self, interface: str, record: Record, now_s: float, plan: Callable[[Entry], None]
    ) -> bool:
        """RFC 6762 §10.2: other records "received more than one second ago" go in a second.

        Only those of the same link: the bit speaks for the link it was sent on.
        """
        flushed = [
            entry
            for entry in self.entries.values()
            if entry.interface == interface
            and entry.data != record.data
            and entry.heard_s < now_s - GOODBYE_S
            and not entry.goodbye
        ]
        for entry in flushed:
            entry.leave(now_s)
            plan(entry)
        return bool(flushed)

    def drop(self, entry: Entry) -> None:
        del self.entries[entry.interface, entry.data]

    def clear(self) -> None:
        for entry in self.entries.values():
            entry.planned_s = VOID
        self.entries.clear()

    def newest(self) -> Entry | None:
        """The entry heard last, one that is not saying goodbye where there is one."""
        if len(self.entries) == 1:
            return next(iter(self.entries.values()))
        return max(
            self.entries.values(),
            key=lambda entry: (not entry.goodbye, entry.heard_s),
            default=None,
        )

    @property
    def heard_s(self) -> float:
        """When one of them was heard last; 0 where there is none."""
        return max((entry.heard_s for entry in self.entries.values()), default=0.0)

    @property
    def silent(self) -> bool:
        """Whether every record that is left has been asked for, again and again, in vain."""
        return bool(self.entries) and all(entry.silent for entry in self.entries.values())
