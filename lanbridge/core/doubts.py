"""Records that are doubted before they end are asked for, and given up (RFC 6762 §10.4, §10.5)."""

import heapq
from collections.abc import Iterable
from typing import TYPE_CHECKING

from lanbridge.core.deadlines import Deadlines
from lanbridge.core.intake import Plan
from lanbridge.core.names import fold
from lanbridge.core.overheard import Overheard
from lanbridge.core.presence import Host, Service
from lanbridge.core.records import Question, RecordType
from lanbridge.core.services import UP
from lanbridge.core.tables import Tables

if TYPE_CHECKING:
    from lanbridge.core.cache import RecordSet

# Somebody looks: what was not heard for FRESH_S is verified, spread over SPREAD_S, which together
# with VERIFY_S makes 14 s. The bound keeps a look at a large LAN from becoming a storm.
FRESH_S = 3.0
SPREAD_S = 1.0
MAX_LOOKED_AT = 256


class Doubts:
    """Who is asked whether he is still there."""

    def __init__(self, tables: Tables, deadlines: Deadlines[Plan]) -> None:
        self._tables = tables
        self._deadlines = deadlines
        self._overheard = Overheard()

    def verify(self, service: Service, now_s: float) -> bool:
        """Now; False if that is under way."""
        return self._doubt(service, now_s, fresh_s=0.0)

    def look(self, now_s: float) -> int:
        """Those who were silent for longest; returns how many."""
        up = (
            one for one in self._tables.services.values() if one.state in UP and one.leaving is None
        )
        longest = heapq.nsmallest(MAX_LOOKED_AT, up, key=lambda one: one.last_seen_s)
        return sum(self._doubt(one, now_s, fresh_s=FRESH_S) for one in longest)

    def _doubt(self, service: Service, now_s: float, *, fresh_s: float) -> bool:
        """Verify where it is, unless it was heard within `fresh_s`: then a little later."""
        host = self._tables.host_of(service)
        started = False
        doubted: list[tuple[Service | Host, RecordSet]] = [(service, service.srv)]
        if host is not None:
            doubted += ((host, records) for records in host.sets)
        for owner, records in doubted:
            for entry in records.entries.values():
                at_s = now_s
                if fresh_s:
                    at_s = max(now_s, entry.heard_s + fresh_s) + SPREAD_S * entry.dice
                if entry.doubt(at_s):
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
                self._doubt(affected, now_s, fresh_s=0.0)
