"""Records that came before the PTR or SRV record that makes sense of them."""

from collections.abc import Iterator

from lanbridge.core.names import fold
from lanbridge.core.records import Record

# Whoever announces records of names that nothing points to fills these.
MAX_NAMES = 1_024
MAX_RECORDS_PER_NAME = 16
KEPT_S = 10.0


class Orphans:
    """Kept for a few seconds, the name that came first giving way to the newest."""

    def __init__(self) -> None:
        self._by_name: dict[str, dict[tuple[str, Record], float]] = {}

    def __len__(self) -> int:
        return len(self._by_name)

    def keep(self, interface: str, record: Record, now_s: float) -> None:
        name = fold(record.name)
        heard_s = self._by_name.get(name)
        if heard_s is None:
            if len(self._by_name) >= MAX_NAMES:
                del self._by_name[next(iter(self._by_name))]
            heard_s = self._by_name[name] = {}
        heard_s.pop((interface, record), None)
        if len(heard_s) >= MAX_RECORDS_PER_NAME:
            del heard_s[next(iter(heard_s))]
        heard_s[interface, record] = now_s

    def adopt(self, name_key: str, now_s: float) -> Iterator[tuple[str, Record, float]]:
        """Take out what was heard lately of one name: the interface and the record."""
        for (interface, record), heard_s in self._by_name.pop(name_key, {}).items():
            if heard_s > now_s - KEPT_S:
                yield interface, record, heard_s
