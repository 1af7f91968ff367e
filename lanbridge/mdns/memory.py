"""What a responder remembers of itself: which names had to give way, and what it said before.

It outlives a crash if somebody keeps `document()` and hands it to `recall()` at the next start.
"""

from collections.abc import Callable, Iterable
from typing import Any

from lanbridge.core.addresses import Address
from lanbridge.core.names import fold
from lanbridge.core.records import HOST_TTL_S, OTHER_TTL_S, Record, RecordType
from lanbridge.mdns.wire import encode_rdata

MAX_RENAMES = 20  # then it stops, and says so
# We fill these ourselves, from what is advertised and the addresses we had; the oldest go first.
MAX_NAMES, MAX_SAID = 256, 1_024
VERSION = 1

Said = tuple[str, int, bytes]
"""Folded name, type, rdata."""


class Memory:
    """`changed` is called when there is something new to keep. Times are of the loop's clock."""

    def __init__(self, changed: Callable[[], None] = lambda: None) -> None:
        self.changed = changed
        self._numbers: dict[str, int] = {}
        self._said: dict[Said, int] = {}  # what we say now, and its TTL
        self._earlier: dict[Said, float] = {}  # what we said before: until when it may be cached

    # Names

    def number(self, wanted: str) -> int:
        """Which `lamp (2)` stands for the `lamp` that was wanted; 1 is the name itself."""
        return self._numbers.get(fold(wanted), 1)

    def keep(self, wanted: str, number: int) -> None:
        self._numbers.pop(fold(wanted), None)
        if number > 1:
            self._numbers[fold(wanted)] = number
            while len(self._numbers) > MAX_NAMES:
                del self._numbers[next(iter(self._numbers))]
        self.changed()

    # What was said

    def say(self, records: Iterable[Record], now_s: float) -> None:
        """These, and nothing else, are announced from now on."""
        said = {said_of(one): one.ttl_s for one in records}
        if said.keys() == self._said.keys():
            return
        for key, ttl_s in self._said.items():
            if key not in said:
                self._earlier[key] = now_s + ttl_s
        self._said = said
        self._forget(now_s)
        self.changed()

    def knows(self, said: Said, now_s: float) -> bool:
        """Whether others may repeat it because we said it: a cache, a reflector that is late."""
        return said in self._said or self._earlier.get(said, now_s) > now_s

    def had(self, address: Address, now_s: float) -> bool:
        """Whether it was announced as ours lately."""
        kind = RecordType.A if address.version == 4 else RecordType.AAAA
        return any(
            said[1] == kind and said[2] == address.packed and self.knows(said, now_s)
            for said in (*self._said, *self._earlier)
        )

    def _forget(self, now_s: float) -> None:
        live = [(said, until_s) for said, until_s in self._earlier.items() if until_s > now_s]
        self._earlier = dict(live[-MAX_SAID:])

    # Over a restart

    def document(self) -> dict[str, Any]:
        said = {**dict.fromkeys(self._earlier, 0), **self._said}
        return {
            "version": VERSION,
            "numbers": self._numbers,
            "said": [[name, type_, rdata.hex()] for name, type_, rdata in said],
        }

    def recall(self, document: Any, now_s: float) -> None:
        """Take in a document; raises ValueError, TypeError or LookupError if it is none.

        No clock says how long we were away: all of it counts as said until now.
        """
        if document["version"] != VERSION:
            raise ValueError(f"it has version {document['version']!r}, and not {VERSION}")
        numbers = {
            str(name): number
            for name, number in list(document["numbers"].items())[-MAX_NAMES:]
            if isinstance(number, int) and 1 < number <= MAX_RENAMES
        }
        said = [
            (str(name), int(type_), bytes.fromhex(rdata))
            for name, type_, rdata in document["said"][-MAX_SAID:]
        ]
        self._numbers = numbers
        self._earlier = {one: now_s + _ttl_s(one) for one in said}


def _ttl_s(said: Said) -> int:
    return OTHER_TTL_S if said[1] == RecordType.TXT else HOST_TTL_S


def said_of(record: Record) -> Said:
    """A record as it is remembered and compared."""
    return fold(record.name), record.type, encode_rdata(record)
