"""Records that are doubted before they end are asked for, and given up (RFC 6762 §10.4, §10.5)."""

from collections.abc import Callable, Iterable
from math import ceil

from lanbridge.core.cache import RecordSet
from lanbridge.core.deadlines import Deadlines
from lanbridge.core.intake import Plan
from lanbridge.core.names import fold
from lanbridge.core.overheard import Overheard
from lanbridge.core.presence import Host, Service
from lanbridge.core.records import Question, RecordType
from lanbridge.core.services import UP
from lanbridge.core.tables import Tables

# Somebody looks: what was not heard for FRESH_S is verified, by the longest silent first, so many
# services each BEAT_S that their questions share packets (docs/adr/0030). What is gone is offline
# FRESH_S and VERIFY_S later, a beat, and one for each PER_BEAT services: 15 s at most.
FRESH_S = 3.0
BEAT_S = 0.2
PER_BEAT = 256
# The attack: who looks again and again, from many addresses, makes all devices answer each time.
# A full list is asked at once, and then so many services a second.
MAX_LOOKED_AT = 2_048
LOOKED_AT_PER_S = 100.0


class Doubts:
    """Who is asked whether he is still there."""

    def __init__(self, tables: Tables, deadlines: Deadlines[Plan]) -> None:
        self._tables = tables
        self._deadlines = deadlines
        self._overheard = Overheard()
        self._allowed = float(MAX_LOOKED_AT)
        self._looked_s = 0.0

    def verify(self, service: Service, now_s: float) -> bool:
        """Now; False if that is under way."""
        doubted: list[tuple[Service | Host, RecordSet]] = [(service, service.srv)]
        host = self._tables.host_of(service)
        if host is not None:
            doubted += ((host, records) for records in host.sets)
        started = [self._doubt(owner, records, lambda _: now_s) for owner, records in doubted]
        return any(started)

    def look(self, now_s: float) -> int:
        """Those who were silent for longest; returns how many."""
        regained = (now_s - self._looked_s) * LOOKED_AT_PER_S
        self._allowed = min(self._allowed + regained, MAX_LOOKED_AT)
        self._looked_s = now_s
        asked = 0
        for service in self._silent_first():
            if self._allowed < 1:
                break
            if self._doubt_later(service, now_s, asked // PER_BEAT):
                self._allowed -= 1
                asked += 1
        return asked

    def _silent_first(self) -> list[Service]:
        """By host: those of one host share a question about it, and mostly an answer."""
        up = [one for one in self._tables.services.values() if one.state in UP and not one.leaving]
        silent_s: dict[str, float] = {}
        for one in up:
            seen_s = silent_s.get(one.host_key, one.last_seen_s)
            silent_s[one.host_key] = min(seen_s, one.last_seen_s)
        return sorted(up, key=lambda one: (silent_s[one.host_key], one.host_key))

    def _doubt_later(self, service: Service, now_s: float, beats: int) -> bool:
        """Verify it, unless it was heard within FRESH_S: then when those are over."""

        def at_s(heard_s: float) -> float:
            return BEAT_S * (ceil(max(now_s, heard_s + FRESH_S) / BEAT_S) + beats)

        started = self._doubt(service, service.srv, at_s)
        if (host := self._tables.host_of(service)) is not None:
            # RFC 6763 §12.2: the addresses come along with the SRV record, or are asked for next.
            for records in host.sets:
                started |= self._doubt(host, records, at_s, along=True)
        return started

    def _doubt(
        self,
        owner: Service | Host,
        records: RecordSet,
        at_s: Callable[[float], float],
        *,
        along: bool = False,
    ) -> bool:
        """at_s: from when on, for a record that was heard then."""
        started = False
        for entry in records.entries.values():
            if entry.doubt(at_s(entry.heard_s), along=along):
                self._deadlines.plan(entry.due_s(), (entry, owner, records))
                started = True
        return started

    def overhear(self, questions: Iterable[Question], now_s: float) -> None:
        """RFC 6762 §10.5: others ask for it in vain, so it may be gone."""
        for question in questions:
            service = self._tables.services.get(fold(question.name))
            host = self._tables.hosts.get(fold(question.name))
            if question.type == RecordType.SRV and service is not None:
                heard_s, affected = service.srv.heard_s, service
            elif question.type in (RecordType.A, RecordType.AAAA) and host is not None:
                heard_s, affected = host.set_of(question.type).heard_s, next(iter(host.services))
            else:
                continue
            if heard_s and self._overheard.hear(question, heard_s, now_s):
                self.verify(affected, now_s)
