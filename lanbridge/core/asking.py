"""What the network has to be asked: what is urgent, and what keeps records fresh."""

from collections.abc import Iterable

from lanbridge.core.cache import Entry, RecordSet
from lanbridge.core.deadlines import VOID, Deadlines
from lanbridge.core.intake import Plan
from lanbridge.core.records import Question, RecordType

TOGETHER = 64  # refresh questions are looked for when one leaves: about what a packet holds


class Asking:
    """Questions until they are taken."""

    def __init__(self, deadlines: Deadlines[Plan]) -> None:
        self._deadlines = deadlines
        self._urgent: dict[Question, None] = {}
        self._refreshes: dict[Question, None] = {}

    def take(self) -> list[Question]:
        urgent, self._urgent = list(self._urgent), {}
        return urgent

    def take_refreshes(self) -> list[Question]:
        refreshes, self._refreshes = list(self._refreshes), {}
        return refreshes

    def ask(self, questions: Iterable[Question]) -> None:
        self._urgent.update(dict.fromkeys(questions))

    def renew(self, entry: Entry, records: RecordSet) -> bool:
        """A record nears its end, or is doubted; True where it was now asked for in vain."""
        first = not entry.asked and entry.doubted_s <= VOID
        asked = self._refreshes if first else self._urgent
        asked[Question(records.name, records.type)] = None
        return entry.ask()

    def renew_early(self, now_s: float) -> None:
        """With a refresh question go those that would be asked soon: hosts that announced
        themselves at different moments share one from the next time on."""
        if not self._refreshes:
            return
        for at_s, item in self._deadlines.next_few(TOGETHER):
            if len(item) > 1:
                entry, _, records = item
                # Of pointers all of a type would come again for the one that is refreshed.
                if records.type != RecordType.PTR and entry.may_be_renewed(now_s):
                    self.renew(entry, records)
                    at_s = entry.due_s()
            self._deadlines.plan(at_s, item)
