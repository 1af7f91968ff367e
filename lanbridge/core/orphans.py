"""Records that came before the PTR or SRV record that makes sense of them."""

from collections.abc import Iterator

from lanbridge.core.names import fold
from lanbridge.core.records import Record

MAX_ORPHANS = 4_096  # whoever announces records of names that nothing points to fills this
KEPT_S = 10.0


class Orphans:
    """Kept for a few seconds, the oldest giving way to the newest."""

    def __init__(self) -> None:
        self._heard_s: dict[tuple[str, str, Record], float] = {}

    def __len__(self) -> int:
        return len(self._heard_s)

    def keep(self, interface: str, record: Record, now_s: float) -> None:
        key = (fold(record.name), interface, record)
        self._heard_s.pop(key, None)
        if len(self._heard_s) >= MAX_ORPHANS:
            del self._heard_s[next(iter(self._heard_s))]
        self._heard_s[key] = now_s

    def adopt(self, name_key: str, now_s: float) -> Iterator[tuple[str, Record]]:
        """Take out what was heard lately of one name: the interface and the record."""
        for key in [key for key in self._heard_s if key[0] == name_key]:
            if self._heard_s.pop(key) > now_s - KEPT_S:
                yield key[1], key[2]
